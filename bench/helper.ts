/**
 * The credential helper's cached `get`, from start to exit: docker waits for it before every pull and push.
 *
 * Beside it a C program that reads its input and prints a line (nothing that answers docker can be faster), and Google's own helper.
 */
import { generateKeyPairSync } from "node:crypto";
import { Sandbox } from "../test/clients/sandbox.ts";
import { installWaybill } from "../test/clients/waybill.ts";
import type { Bench, Contender } from "./measure.ts";
import type { Open } from "./run.ts";

const HOST = "registry.example.com";

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
  const ours = await cachedHelper(stack.use(await Sandbox.create()));
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

/** The compiled executable, with an account activated and its token cached: what docker meets all day. */
async function cachedHelper(sandbox: Sandbox): Promise<Contender> {
  await installWaybill(sandbox);
  await Bun.write(sandbox.path("key.json"), keyFile());
  await sandbox.succeed(["waybill", "auth", "activate-service-account", `--key-file=${sandbox.path("key.json")}`]);
  const executable = sandbox.path("bin/docker-credential-waybill");
  const contender = program("docker-credential-waybill get", [executable, "get"], sandbox, HOST);
  await contender.sample(); // fills the cache
  return contender;
}

/** No server knows this key: the helper signs its tokens itself and asks nobody. */
function keyFile(): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return JSON.stringify({
    type: "service_account",
    project_id: "bench",
    private_key_id: "0123456789abcdef",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    client_email: "bench@bench.iam.waybill.internal",
    token_uri: `https://${HOST}/token`,
  });
}

async function trivialProgram(sandbox: Sandbox): Promise<Contender | undefined> {
  const compiler = ["gcc", "cc", "tcc"].find((name) => Bun.which(name));
  if (!compiler) return skipped("a C compiler (gcc, cc or tcc)");
  await Bun.write(sandbox.path("trivial.c"), C_PROGRAM);
  await sandbox.succeed([compiler, "-O2", "-o", sandbox.path("trivial"), sandbox.path("trivial.c")]);
  return program(`a trivial C program (${compiler})`, [sandbox.path("trivial")], sandbox, HOST);
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
