import { html } from "hono/html";
import type { Html } from "../page.ts";

export interface Column {
  readonly label: string;
  /** For buttons: the column has no heading that can be seen. */
  readonly quiet?: true;
  /** Numbers stand at the right. */
  readonly end?: true;
}

/** What a cell shows. Texts are escaped. */
export type Cell = Html | string | number | undefined | readonly (Html | string)[];

/**
 * A table; on a narrow screen each row becomes a card. The roles are written out because a table that is displayed as
 * blocks is none to a screen reader.
 */
export function table(caption: string, columns: readonly Column[], rows: readonly (readonly Cell[])[]): Html {
  const cell = (value: Cell, index: number) => {
    const { label = "", quiet, end } = columns[index] ?? {};
    return html`<td role="cell" data-label="${quiet ? "" : label}"${end ? html` class="end"` : ""}>${value === undefined ? "" : html`<div>${value}</div>`}</td>`;
  };
  return html`<table role="table">
<caption class="unseen">${caption}</caption>
<thead role="rowgroup"><tr role="row">${columns.map(heading)}</tr></thead>
<tbody role="rowgroup">
${rows.map((row) => html`<tr role="row">${row.map(cell)}</tr>\n`)}</tbody>
</table>`;
}

function heading({ label, quiet, end }: Column): Html {
  return html`<th role="columnheader" scope="col"${end ? html` class="end"` : ""}>${quiet ? html`<span class="unseen">${label}</span>` : label}</th>`;
}
