// kill -9 at random moments: the helper while it renews tokens, configure-docker while it edits. Twenty others read and
// renew meanwhile. Whatever was killed, every file is whole at every moment, and nobody who was not killed fails.
// WAYBILL_CRASH_KILLS=500 makes it the full run (npm run test:crash); WAYBILL_CRASH_SEED repeats one.
import { expect, test } from "bun:test";
import { Random } from "./random.ts";
import { type Call, Scene } from "./scene.ts";

const kills = Number(process.env.WAYBILL_CRASH_KILLS ?? 40);
const seed = Number(process.env.WAYBILL_CRASH_SEED ?? 20_261_123);
const readers = 20;
const killers = 4;
/** Longer than any of these takes on a machine with nothing else to do. */
const delayMillisecondsMax = 60;
const limitMilliseconds = 60_000 + kills * 1_000;

const reads: readonly Call[] = [
  { program: "docker-credential-waybill", argv: ["get"], input: "gcr.io" },
  { program: "docker-credential-gcr", argv: ["get"], input: "us.gcr.io" },
];

function writes(random: Random): readonly Call[] {
  const host = `registry${random.below(10)}.gcr.io`;
  const call = (program: string, ...argv: string[]): Call => ({ program, argv, input: "" });
  return [
    ...reads,
    call("waybill", "auth", "configure-docker", "--quiet", host),
    call("waybill", "auth", "unconfigure-docker", "--quiet", host),
    call("docker-credential-gcr", "configure-docker", `--registries=${host}`),
    call("waybill", "config", "set", "push", String(random.below(2) === 0)),
  ];
}

/** Each file once more. */
const lastWrites: readonly Call[] = [
  ...reads,
  { program: "waybill", argv: ["auth", "configure-docker", "--quiet", "last.gcr.io"], input: "" },
  { program: "waybill", argv: ["config", "set", "audience", "last"], input: "" },
];

/** One who must never notice anything. */
async function read(scene: Scene, index: number, isOver: () => boolean, problems: string[]): Promise<number> {
  let answers = 0;
  for (; !isOver(); answers++) {
    const call = reads[index % reads.length] as Call;
    const { exitCode, stdout, stderr } = await scene.run(call);
    if (exitCode !== 0 || !/"Secret":"token-\d+"/.test(stdout)) problems.push(`${call.program}: ${stdout}${stderr}`);
    problems.push(...scene.damage());
  }
  return answers;
}

/** Starts something, and kills it before it is done, or as good as. */
async function kill(scene: Scene, random: Random, goOn: () => boolean, problems: string[]): Promise<void> {
  while (goOn()) {
    const child = scene.spawn(random.choose(writes(random)));
    await Bun.sleep(random.next() * delayMillisecondsMax);
    child.kill("SIGKILL");
    await child.exited;
    problems.push(...scene.damage());
    if (child.signalCode === "SIGKILL") done += 1;
  }
}

let done = 0;

test(
  `${kills} kills (seed ${seed}) leave every file whole and every other helper working`,
  async () => {
    using scene = await Scene.create();
    const problems: string[] = [];
    const deadline = Date.now() + limitMilliseconds - 20_000;
    let isOver = false;
    const reading = Array.from({ length: readers }, (_, index) => read(scene, index, () => isOver, problems));
    const goOn = () => done < kills && problems.length === 0 && Date.now() < deadline;
    const killing = Array.from({ length: killers }, (_, index) =>
      kill(scene, new Random(seed + index), goOn, problems),
    );
    await Promise.all(killing);
    isOver = true;
    const answers = (await Promise.all(reading)).reduce((sum, count) => sum + count, 0);
    expect(problems.slice(0, 5)).toEqual([]);
    expect(done).toBeGreaterThanOrEqual(kills);
    const left = scene.leftovers();
    console.log(
      `${done} kills, ${answers} answers, ${scene.google.requests.length} token requests, ${left.length} left over`,
    );
    // A minute later, the next who writes clears them away.
    scene.age(left);
    await Bun.sleep(1100);
    for (const call of lastWrites) expect((await scene.run(call)).exitCode).toBe(0);
    expect(scene.leftovers()).toEqual([]);
  },
  limitMilliseconds,
);
