/** `npm run ci:soak [-- --seconds=N]`: pushes and pulls at random for a while with the check client, then prints what was done. */
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { makeImage } from "../test/clients/image.ts";
import { checkClientAs } from "../test/clients/ways.ts";
import { createWorld, PROJECT, type World } from "../test/clients/world.ts";

const WORKERS = 4;
const REPOSITORIES = 20;
const LAYER_BYTES_MAX = 8 * 1024 * 1024;
/** So that the images to pull stay a mixture of old and new. */
const REMEMBERED_MAX = 200;

interface Pushed {
  readonly repository: string;
  readonly tag: string;
  readonly id: string;
  readonly digest: string;
}

const counts = { pushes: 0, pulls: 0, pulledBytes: 0, failures: 0 };
const pushed: Pushed[] = [];

const { values } = parseArgs({ options: { seconds: { type: "string", default: "600" } } });
const seconds = Number(values.seconds);
if (!(seconds > 0)) {
  console.error("waybill: error: --seconds takes a number above 0");
  process.exit(2);
}
await soak(seconds);
process.exit(counts.failures > 0 ? 1 : 0);

async function soak(seconds: number): Promise<void> {
  await using world = await createWorld({ engine: false });
  const deadline = Date.now() + seconds * 1000;
  await Promise.all(Array.from({ length: WORKERS }, (_, worker) => work(world, worker, deadline)));
  const megabytes = Math.round(counts.pulledBytes / 1e6);
  const { pushes, pulls, failures } = counts;
  console.log(`soak: ${seconds} s, ${pushes} pushes, ${pulls} pulls (${megabytes} MB), ${failures} failures`);
}

async function work(world: World, worker: number, deadline: number): Promise<void> {
  for (let step = 0; Date.now() < deadline; step++) {
    const remembered = pushed[randomInt(Math.max(1, pushed.length))];
    try {
      if (remembered && randomInt(4) > 0) await pull(world, remembered);
      else await push(world, `${worker}-${step}`);
    } catch (error) {
      counts.failures += 1;
      console.error((error as Error).message);
    }
  }
}

async function push(world: World, tag: string): Promise<void> {
  const image = makeImage({ largeLayerBytes: randomInt(1, LAYER_BYTES_MAX) });
  const repository = `${PROJECT}/soak-${randomInt(REPOSITORIES)}`;
  await (await checkClientAs(world.writer, world)).push(repository, tag, image);
  counts.pushes += 1;
  pushed.push({ repository, tag, id: image.id, digest: image.manifest.digest });
  if (pushed.length > REMEMBERED_MAX) pushed.shift();
}

/** By tag or by digest, as the account that may only pull. */
async function pull(world: World, { repository, tag, id, digest }: Pushed): Promise<void> {
  const reader = await checkClientAs(world.reader, world);
  const pulled = await reader.pull(repository, randomInt(2) === 0 ? tag : digest);
  if (pulled.id !== id) throw new Error(`${repository}:${tag} holds ${pulled.id} and not ${id}`);
  counts.pulls += 1;
  counts.pulledBytes += pulled.bytes;
}
