import { html } from "hono/html";
import { readLimits } from "../../storage/metadata/limits.ts";
import { listStorageSamples } from "../../storage/metadata/storage-samples.ts";
import type { ConsoleCall } from "./console-route.ts";
import type { Html } from "./page.ts";
import { bar } from "./parts/bar.ts";
import { byteText } from "./parts/byte-text.ts";
import { timePlot } from "./parts/time-plot.ts";

const dayMilliseconds = 86_400_000;
const daysShown = 90;

/** What a project stores, of how much, and since when; for those who may see its settings. */
export async function storageCard(call: ConsoleCall<"project">): Promise<Html | undefined> {
  const { services, found } = call;
  if (!(await call.may("artifactregistry.projectsettings.get"))) return undefined;
  const { read } = services.metadata;
  const { usedBytes, bytesMax, readOnlyAt } = await readLimits(read, found.project.id);
  const today = Math.floor(services.now() / dayMilliseconds);
  const samples = await listStorageSamples(read, found.project.id, today - daysShown);
  const points = [
    ...samples
      .filter(({ day }) => day !== today)
      .map(({ day, usedBytes: value }) => ({ at: day * dayMilliseconds, value })),
    { at: today * dayMilliseconds, value: usedBytes },
  ];
  const upstream = services.caches.upstreamOf(found.project.id);
  return html`<section class="card"><h2>Storage</h2>
<p><strong class="number">${byteText(usedBytes)}</strong> <span class="soft">stored${bytesMax !== null && ` of ${byteText(bytesMax)}`}</span></p>
${bytesMax !== null && bar(bytesMax === 0 ? 1 : usedBytes / bytesMax)}
${timePlot(`Storage of ${found.project.name} by day`, points, byteText)}
${readOnlyAt !== null && html`<p><span class="state warn">Read-only</span></p>`}
${upstream && html`<p class="soft">A cache of <code>${upstream.host}</code>: images come when somebody asks for them.</p>`}
</section>`;
}
