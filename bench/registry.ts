/**
 * The registry beside the ones people run: the workloads of zot's zb and plain reads, all contenders in turn on one machine.
 *
 * Ours has authentication on and syncs what it acknowledges; the peers run without authentication, which is their best case. First
 * with the servers on one core and the load on another, then with both on all.
 */
import { join } from "node:path";
import { buildGoProgram, type GoProgram, goMissing } from "../test/clients/go-program.ts";
import { Sandbox } from "../test/clients/sandbox.ts";
import { type Image, imageOf, pushImage } from "./registry/client.ts";
import { compare } from "./registry/comparison.ts";
import { ContentMaker } from "./registry/content.ts";
import type { Job, Outcome } from "./registry/load.ts";
import { memoryLines } from "./registry/memory.ts";
import { readyLines } from "./registry/ready.ts";
import {
  type Cores,
  pinned,
  repository,
  startDistribution,
  startNginx,
  startWaybill,
  startZot,
  type Target,
} from "./registry/servers.ts";
import { Wire } from "./registry/wire.ts";
import { type Load, loads, type Read, reads } from "./registry/workloads.ts";
import { wrk } from "./registry/wrk.ts";

interface Setting {
  readonly name: string;
  readonly server: Cores;
  readonly load: Cores;
}

const settings: readonly Setting[] = [
  { name: "server on one core, load on the other", server: "0", load: "1" },
  { name: "server and load on all cores", server: "", load: "" },
];

const distribution: GoProgram = {
  name: "registry",
  module: "github.com/distribution/distribution/v3/cmd/registry@v3.1.2",
};
/** A module proxy may refuse it; then one that was built from a clone counts, where `buildGoProgram` looks. */
const zot: GoProgram = { name: "zot", module: "zotregistry.dev/zot/v2/cmd/zot@v2.1.20" };
const readSeconds = 1;
const smallBytes = 8192;
const largeBytes = 100 * 1024 * 1024;

/** A full run ends after so long even on a busy machine: rounds become fewer, and what has no goal is left out. */
const minutesMax = 11;
const minutesForGoals = 8;

export async function* lines({ quick }: { quick: boolean }): AsyncGenerator<object> {
  const started = performance.now();
  const minutes = () => (performance.now() - started) / 60_000;
  const rounds = () => (quick || minutes() > minutesForGoals ? 1 : 3);
  yield* readyLines(quick);
  for (const setting of quick ? settings.slice(0, 1) : settings) yield* goalLines(setting, quick, rounds);
  yield* otherLines(settings[0] as Setting, quick, () => minutes() > minutesMax);
}

/** What has a goal, several times. */
async function* goalLines(setting: Setting, quick: boolean, rounds: () => number): AsyncGenerator<object> {
  await using stack = new AsyncDisposableStack();
  const sandbox = async () => stack.use(await Sandbox.create());
  const targets = await registries(sandbox, setting.server);
  const images = imagesOf();
  for (const target of targets) await fill(target, images);
  const limit = await fileServer(await sandbox(), setting.server, images);
  const contenders = limit ? [...targets, limit] : targets;
  for (const read of reads) {
    for (const line of await compareReads(read, contenders, images, setting, rounds())) {
      yield { ...line, setting: setting.name };
    }
  }
  const folder = await sandbox();
  for (const load of loads.filter(hasGoal)) {
    for (const line of await compareLoads(load, targets, folder, setting, rounds())) {
      yield { ...line, setting: setting.name };
    }
  }
  for (const target of targets) yield { ...(await memoryLines(target, images.large, quick)), setting: setting.name };
}

/** The rest of zb's workloads, once each. */
async function* otherLines(setting: Setting, quick: boolean, isLate: () => boolean): AsyncGenerator<object> {
  await using stack = new AsyncDisposableStack();
  const sandbox = async () => stack.use(await Sandbox.create());
  const targets = await registries(sandbox, setting.server);
  const folder = await sandbox();
  for (const load of loads.filter((each, index) => !hasGoal(each) && (!quick || index % 4 === 0))) {
    if (isLate()) {
      console.error(`LEFT OUT ${load.what}: ${minutesMax} minutes are over`);
      continue;
    }
    for (const line of await compareLoads(load, targets, folder, setting, 1)) yield { ...line, setting: setting.name };
  }
}

function hasGoal({ goals, p99Goal }: Load): boolean {
  return p99Goal !== undefined || Object.keys(goals).length > 0;
}

async function registries(sandbox: () => Promise<Sandbox>, cores: Cores): Promise<Target[]> {
  const targets = [await startWaybill(await sandbox(), cores)];
  if (Bun.which("docker-registry")) {
    targets.push(await startDistribution(await sandbox(), cores, "docker-registry", ["docker-registry"]));
  } else skipped("docker-registry", "apt-get install docker-registry");
  const distributionProgram = await built(distribution);
  if (distributionProgram)
    targets.push(await startDistribution(await sandbox(), cores, "distribution", [distributionProgram]));
  const zotProgram = await built(zot);
  if (zotProgram) targets.push(await startZot(await sandbox(), cores, zotProgram));
  return targets;
}

/** The path of a Go program; undefined where there is none and none can be built, which is said. */
async function built(program: GoProgram): Promise<string | undefined> {
  const missing = goMissing();
  if (missing) return skipped(program.module, "Go on the machine");
  return await buildGoProgram(program).catch((error: Error) =>
    skipped(program.module, `go install to succeed: ${error.message.trim().split("\n").at(-1)}`),
  );
}

function skipped(name: string, need: string): undefined {
  console.error(`SKIPPED ${name}: needs ${need}`);
}

/** What is read: the same in every registry. */
interface Images {
  readonly small: Image;
  readonly large: Image;
}

function imagesOf(): Images {
  return {
    small: imageOf(repository, "1", new ContentMaker(smallBytes).repeated()),
    large: imageOf(repository, "large", new ContentMaker(largeBytes).repeated()),
  };
}

async function fill({ origin, pushAuthorization }: Target, { small, large }: Images): Promise<void> {
  const wire = await Wire.open(origin, pushAuthorization === "" ? {} : { authorization: pushAuthorization });
  for (const image of [small, large]) await pushImage(wire, image, "monolithic");
  wire.close();
}

/** Paths below `/v2/bench/app`, as registries have them. */
function pathOf({ path }: Read, { small, large }: Images): string {
  const paths = {
    tag: `manifests/${small.tag}`,
    digest: `manifests/${small.manifest.digest}`,
    small: `blobs/${small.layer.digest}`,
    large: `blobs/${large.layer.digest}`,
  };
  return `/v2/${repository}/${paths[path]}`;
}

async function fileServer(sandbox: Sandbox, cores: Cores, images: Images): Promise<Target | undefined> {
  const nginx = Bun.which("nginx", { PATH: `${process.env.PATH}:/usr/sbin` });
  if (!nginx) return skipped("nginx", "apt-get install nginx-light");
  const target = await startNginx(sandbox, cores, nginx);
  const contents = {
    tag: images.small.manifest,
    digest: images.small.manifest,
    small: images.small.layer,
    large: images.large.layer,
  };
  for (const [path, { parts }] of Object.entries(contents)) {
    const file = sandbox.path(`files${pathOf({ path } as Read, images)}`);
    await Bun.write(file, new Blob(parts as Uint8Array<ArrayBuffer>[]), { mode: 0o644 });
  }
  return target;
}

async function compareReads(read: Read, targets: readonly Target[], images: Images, { load }: Setting, rounds: number) {
  const { what, connections, goals } = read;
  const inBytes = read.path === "large";
  const question = {
    what: `${what}, ${connections} connections`,
    unit: inBytes ? "MB/s" : "requests/s",
    goals,
    rounds,
  };
  return await compare(
    question,
    targets.map((target) => ({
      name: target.name,
      async sample() {
        const reading = await wrk(target, pathOf(read, images), { connections, seconds: readSeconds, cores: load });
        return { rate: inBytes ? reading.bytesPerSecond / 1e6 : reading.perSecond, latencies: [reading.p99] };
      },
    })),
  );
}

async function compareLoads(
  { what, job, iterations, goals, p99Goal, limit }: Load,
  targets: readonly Target[],
  folder: Sandbox,
  setting: Setting,
  rounds: number,
) {
  const contenders = targets.map(({ name, origin, pushAuthorization: authorization }) => ({
    name,
    sample: () => play({ ...job, origin, authorization, iterations }, setting.load),
  }));
  const bytes = job.sizes[0]?.bytes ?? 0;
  const bare = {
    name: "hash, write, sync (limit)",
    sample: () => writeLimit(folder, setting.server, bytes, iterations),
  };
  return await compare(
    { what, unit: "iterations/s", goals, p99Goal, rounds },
    limit ? [...contenders, bare] : contenders,
  );
}

/** The load in a process of its own. */
async function play(job: Job, cores: Cores) {
  const { seconds, latencies } = (await runScript("load.ts", [JSON.stringify(job)], cores)) as Outcome;
  return { rate: latencies.length / seconds, latencies };
}

async function writeLimit(folder: Sandbox, cores: Cores, bytes: number, times: number) {
  const latencies = (await runScript(
    "write-limit.ts",
    [folder.folder, String(bytes), String(times)],
    cores,
  )) as number[];
  const sum = latencies.reduce((total, each) => total + each, 0);
  return { rate: (1000 * latencies.length) / sum, latencies };
}

/** What others left to be written is written first. */
async function runScript(name: string, parameters: readonly string[], cores: Cores): Promise<unknown> {
  Bun.spawnSync(["sync"]);
  const command = pinned(cores, [process.execPath, join(import.meta.dir, "registry", name), ...parameters]);
  const child = Bun.spawn(command, { stderr: "pipe" });
  const [text, errors, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  if (exitCode !== 0) throw new Error(`${name} ${parameters.join(" ")}: ${errors}`);
  return JSON.parse(text);
}
