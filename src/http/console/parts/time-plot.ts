import { html } from "hono/html";
import type { Html } from "../page.ts";

export interface PlotPoint {
  /** Milliseconds. */
  readonly at: number;
  readonly value: number;
}

const [width, height] = [320, 130];
const [left, right, top, bottom] = [2, 6, 18, 20];

/** A line over time, drawn here: it needs no script. What it shows can be read as a table, too. */
export function timePlot(name: string, points: readonly PlotPoint[], format: (value: number) => string): Html {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last || points.length < 2) {
    return html`<p class="soft small">A plot appears here from the second day on.</p>`;
  }
  const highest = Math.max(...points.map(({ value }) => value), 1);
  const x = (at: number) => left + ((at - first.at) / (last.at - first.at)) * (width - left - right);
  const y = (value: number) => height - bottom - (value / highest) * (height - top - bottom);
  const line = points.map(({ at, value }) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
  const base = height - bottom;
  return html`<figure>
<svg class="plot" viewBox="0 0 ${width} ${height}" role="img" aria-label="${name}: ${format(first.value)} on ${day(first.at)}, ${format(last.value)} on ${day(last.at)}">
<line class="grid" x1="0" x2="${width}" y1="${base}" y2="${base}"/><line class="grid" x1="0" x2="${width}" y1="${top}" y2="${top}"/>
<polygon class="area" points="${x(first.at).toFixed(1)},${base} ${line} ${x(last.at).toFixed(1)},${base}"/>
<polyline class="line" points="${line}"/><circle class="dot" cx="${x(last.at).toFixed(1)}" cy="${y(last.value).toFixed(1)}" r="3"/>
<text x="0" y="${top - 5}">${format(highest)}</text><text x="0" y="${height - 5}">${day(first.at)}</text><text x="${width}" y="${height - 5}" text-anchor="end">${day(last.at)}</text>
</svg></figure>`;
}

function day(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
