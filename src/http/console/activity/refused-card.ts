import { html } from "hono/html";
import type { ConsoleServices } from "../console-services.ts";
import type { Html } from "../page.ts";
import { table } from "../parts/table.ts";
import { entryText, isRefusal, whoText } from "./entry-text.ts";

const hourMilliseconds = 3_600_000;
const entriesRead = 500;
const rowsShown = 5;

/** Who was refused what within the last hour, the most frequent first. */
export async function refusedCard(
  services: ConsoleServices,
  projectId: string | undefined,
  url: string,
): Promise<Html> {
  const since = services.now() - hourMilliseconds;
  const matches = (entry: Parameters<typeof isRefusal>[0]) => isRefusal(entry) && Number(entry.at) >= since;
  const filter = { since, until: undefined, matches };
  const { lines, next } = await services.audit.read({ projectId, filter, newestFirst: true, limit: entriesRead });
  const counts = new Map<string, { who: string; what: string; on: string; times: number }>();
  for (const { entry } of lines) {
    const { who } = whoText(entry);
    const { what, on } = entryText(entry);
    const times = entry.kind === "repeated" ? Number(entry.times) : 1;
    const key = JSON.stringify([who, entry.kind === "repeated" ? entry.of : what, on]);
    counts.set(key, { who, what, on, times: times + (counts.get(key)?.times ?? 0) });
  }
  const total = [...counts.values()].reduce((sum, { times }) => sum + times, 0);
  if (total === 0) {
    return html`<section class="card"><div class="card-head"><h2>Refused in the last hour</h2><span class="state good">None</span></div></section>`;
  }
  const rows = [...counts.values()]
    .toSorted((a, b) => b.times - a.times)
    .slice(0, rowsShown)
    .map(({ who, what, on, times }) => [
      html`<span class="number">${times}</span>`,
      what,
      html`<span class="mono small">${on}</span>`,
      who,
    ]);
  const columns = [{ label: "Times" }, { label: "What" }, { label: "On" }, { label: "Who" }] as const;
  return html`<section class="card flush"><div class="card-head"><h2>Refused in the last hour</h2><span class="state bad">${total}${next !== undefined && " or more"}</span></div>
${table("Refused in the last hour", columns, rows)}<p class="pad"><a href="${url}?topic=refused">All that was refused</a></p></section>`;
}
