/**
 * A process of its own that plays many clients against one registry: `bun load.ts JOB`, the job as JSON. Prints one line of
 * JSON: how long it took and how long each iteration took.
 */
import { type Image, imageOf, type PushStyle, pullImage, pushBlob, pushImage } from "./client.ts";
import { ContentMaker } from "./content.ts";
import { Wire } from "./wire.ts";

export interface Job {
  readonly origin: string;
  /** The Authorization header; empty for none. */
  readonly authorization: string;
  readonly clients: number;
  /** Of all clients together. */
  readonly iterations: number;
  readonly does: "push" | "pull" | "mixed" | "blob";
  readonly style: PushStyle;
  /** Bytes, and how many of a hundred iterations have them. */
  readonly sizes: readonly { readonly bytes: number; readonly share: number }[];
  /** Content that nobody pushed before in each push; otherwise one blob for each size, as zb does. */
  readonly unique: boolean;
}

export interface Outcome {
  readonly seconds: number;
  /** Milliseconds. */
  readonly latencies: readonly number[];
  readonly bytes: number;
}

if (import.meta.main) console.log(JSON.stringify(await play(JSON.parse(process.argv[2] ?? "") as Job)));

/** What is pulled was pushed before, outside the measured time. */
async function play(job: Job): Promise<Outcome> {
  const headers: Record<string, string> = job.authorization === "" ? {} : { authorization: job.authorization };
  const wires = await Promise.all(Array.from({ length: job.clients }, () => Wire.open(job.origin, headers)));
  const makers = job.sizes.map(({ bytes }) => new ContentMaker(bytes));
  const pulled: Image[] = [];
  if (job.does === "pull" || job.does === "mixed") {
    for (const maker of makers) {
      const image = imageOf(newRepository(), "1", maker.repeated());
      await pushImage(wires[0] as Wire, image, "monolithic");
      pulled.push(image);
    }
  }
  const latencies: number[] = [];
  let [left, bytes] = [job.iterations, 0];
  const started = performance.now();
  await Promise.all(
    wires.map(async (wire) => {
      for (let number = left--; number > 0; number = left--) {
        const size = sizeOf(job, number);
        const begun = performance.now();
        await iterate(job, wire, number, makers[size] as ContentMaker, pulled[size]);
        latencies.push(performance.now() - begun);
        bytes += job.sizes[size]?.bytes ?? 0;
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  for (const wire of wires) wire.close();
  return { seconds, latencies, bytes };
}

async function iterate(job: Job, wire: Wire, number: number, maker: ContentMaker, image: Image | undefined) {
  // zb: Pull 75% and Push 25%, evenly instead of by chance.
  if (image && (job.does === "pull" || number % 4 !== 0)) return await pullImage(wire, image);
  const content = job.unique ? maker.unique() : maker.repeated();
  if (job.does === "blob") return await pushBlob(wire, newRepository(), content, job.style);
  await pushImage(wire, imageOf(newRepository(), "1", content), job.style);
}

/** Which size an iteration has: the shares in each hundred, well mixed. */
function sizeOf({ sizes }: Job, number: number): number {
  let place = (number * 37) % 100;
  for (const [index, { share }] of sizes.entries()) {
    if (place < share) return index;
    place -= share;
  }
  return 0;
}

function newRepository(): string {
  return `bench/${crypto.randomUUID()}`;
}
