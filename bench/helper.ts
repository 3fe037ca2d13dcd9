/**
 * The credential helper's cached `get`, from start to exit: docker waits for it before every pull and push.
 *
 * Beside it a C program that reads its input and prints a line (nothing that answers docker can be faster), and Google's own helper.
 */
import { join } from "node:path";
import { Sandbox } from "../test/clients/sandbox.ts";
import { createWorld } from "../test/clients/world.ts";
import type { Bench, Contender } from "./measure.ts";
import type { Open } from "./run.ts";

const REPOSITORY = join(import.meta.dir, "..");

const C_PROGRAM = `#include <stdio.h>
int main(void) {
  char line[256];
  if (!fgets(line, sizeof line, stdin)) return 1;
  printf("{\\"ServerURL\\":\\"%s\\",\\"Username\\":\\"u\\",\\"Secret\\":\\"s\\"}\\n", line);
  return 0;
}
`;

export const open: Open = async ({ quick }) => {
  await using stack = new AsyncDisposableStack();
  const ours = await cachedHelper(stack);
  const sandbox = stack.use(await Sandbox.create());
  const others = [await trivialProgram(sandbox), googleHelper(sandbox)].filter((contender) => contender !== undefined);
  const rest = stack.move();
  return {
    what: "credential helper: one cached get, from start to exit",
    unit: "ms",
    contenders: [ours, ...others],
    rounds: quick ? 5 : 60,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  } satisfies Bench;
};

/** The compiled executable, after one `get` that has filled its cache from a server of ours. */
async function cachedHelper(stack: AsyncDisposableStack): Promise<Contender> {
  const sandbox = stack.use(await Sandbox.create());
  await sandbox.succeed([process.execPath, join(REPOSITORY, "scripts/build.ts")]);
  const executable = join(REPOSITORY, "dist/docker-credential-waybill");
  const world = stack.use(await createWorld({ engine: false }));
  await sandbox.succeed([
    join(REPOSITORY, "dist/waybill"),
    "auth",
    "activate-service-account",
    `--key-file=${world.writer.keyFile}`,
  ]);
  const contender = program("docker-credential-waybill get", [executable, "get"], sandbox, world.server.host);
  await contender.sample();
  return contender;
}

async function trivialProgram(sandbox: Sandbox): Promise<Contender | undefined> {
  const compiler = ["gcc", "cc", "tcc"].find((name) => Bun.which(name));
  if (!compiler) return skipped("a C compiler (gcc, cc or tcc)");
  await Bun.write(sandbox.path("trivial.c"), C_PROGRAM);
  await sandbox.succeed([compiler, "-O2", "-o", sandbox.path("trivial"), sandbox.path("trivial.c")]);
  return program(`a trivial C program (${compiler})`, [sandbox.path("trivial")], sandbox, "gcr.io");
}

/** With a token from the environment it needs no account and no network: its best case. */
function googleHelper(sandbox: Sandbox): Contender | undefined {
  const helper = Bun.which("docker-credential-gcloud");
  if (!helper) return skipped("docker-credential-gcloud");
  sandbox.env.CLOUDSDK_AUTH_ACCESS_TOKEN = "token-of-a-bench";
  return program("docker-credential-gcloud get", [helper, "get"], sandbox, "gcr.io");
}

function program(name: string, command: string[], { env, folder }: Sandbox, input: string): Contender {
  const stdin = Buffer.from(input);
  return {
    name,
    async sample() {
      const started = performance.now();
      const { exitCode, stdout, stderr } = Bun.spawnSync(command, { cwd: folder, env, stdin });
      const elapsed = performance.now() - started;
      if (exitCode !== 0 || !stdout.includes("Secret"))
        throw new Error(`${name}: exit ${exitCode}: ${stdout}${stderr}`);
      return elapsed;
    },
  };
}

function skipped(need: string): undefined {
  console.error(`skipped: needs ${need}`);
}
