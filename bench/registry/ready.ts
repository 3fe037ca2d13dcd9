/** How long from the start of the program until requests are answered, on an empty store and on a full one. */
import { join } from "node:path";
import { defaultLocation } from "../../src/http/names.ts";
import { insertProject } from "../../src/storage/metadata/projects.ts";
import { openSqlite } from "../../src/storage/metadata/sqlite.ts";
import { Sandbox } from "../../test/clients/sandbox.ts";
import { executables } from "../../test/clients/waybill.ts";
import { fillMetadata } from "../growth/fill.ts";
import { rounded } from "./comparison.ts";

const goalMilliseconds = 150;

export async function* readyLines(quick: boolean): AsyncGenerator<object> {
  const program = join(await executables(), "waybill");
  for (const images of quick ? [0, 1000] : [0, 100_000]) {
    await using sandbox = await Sandbox.create();
    const data = sandbox.path("data");
    await start(program, data);
    if (images > 0) await fill(join(data, "metadata.sqlite"), images);
    const times: number[] = [];
    for (let round = 0; round < (quick ? 3 : 15); round++) times.push(await start(program, data));
    times.sort((a, b) => a - b);
    const median = times[times.length >> 1] as number;
    yield {
      what: `ready after start, ${images} images`,
      contender: "waybill",
      unit: "ms",
      median: rounded(median),
      highest: rounded(times.at(-1)),
      rounds: times.length,
      goal: goalMilliseconds,
      reached: median <= goalMilliseconds,
    };
  }
}

/** Starts the server, waits for its word, and stops it. */
async function start(program: string, data: string): Promise<number> {
  const started = performance.now();
  const child = Bun.spawn([program, "serve", "--listen=127.0.0.1:0", `--data=${data}`], { stderr: "ignore" });
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) if (text.includes("ready: ")) break;
  const elapsed = performance.now() - started;
  child.kill();
  await child.exited;
  return elapsed;
}

async function fill(file: string, images: number): Promise<void> {
  const metadata = await openSqlite(file);
  const project = { id: "1", name: "bench", displayName: "", createdAt: 0 };
  await metadata.write((write) => insertProject(write, project));
  await fillMetadata(metadata, { id: project.id, location: defaultLocation }, images);
  await metadata.close();
}
