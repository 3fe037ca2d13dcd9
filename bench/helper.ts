/**
 * The credential helper, from start to exit: docker waits for it before every pull and push.
 *
 * Beside its answer from the cache stand its other answers, a C program that reads its input and prints a line (nothing that
 * answers docker can be faster), an empty program of our runtime (nothing of ours can be faster), and Google's own helpers where
 * this machine has them. A classic `docker build` asks for every configured host.
 */

import { artifactRegistryHosts, containerRegistryHosts } from "../src/docker-config/google-registries.ts";
import { Sandbox } from "../test/clients/sandbox.ts";
import { OAuthProcess } from "../test/oauth/process.ts";
import { federatedHome, parallelGets, serviceAccountHome } from "./credential-helper/homes.ts";
import {
  compileEmptyProgram,
  compileMeter,
  compileTrivialProgram,
  findHelper,
  program,
} from "./credential-helper/programs.ts";
import type { Bench, Contender, Figure } from "./measure.ts";
import type { Open } from "./run.ts";

const HOST = ["gcr.io"];
/** What `configure-docker --include-artifact-registry` writes into docker's configuration. */
const EVERY_HOST = [...containerRegistryHosts, ...artifactRegistryHosts];

/** What is to be reached, on any machine: ratios, since no two machines are alike. */
const GOALS = { timesTrivialMax: 6, shareOfGcloudMax: 1 / 30, tokenRequests: 1, residentMebibytesMax: 36 };

const NAMES = {
  cached: "docker-credential-waybill get, cached",
  trivial: "a trivial C program",
  empty: "an empty program of our runtime",
  gcloud: "docker-credential-gcloud get",
  parallel: "50 parallel gets on a cold cache",
};

export const open: Open = async ({ quick }) => {
  await using stack = new AsyncDisposableStack();
  const oauth = stack.use(await OAuthProcess.start());
  const signed = stack.use(await serviceAccountHome(oauth));
  const federated = stack.use(await federatedHome(oauth));
  const sandbox = stack.use(await Sandbox.create());
  const others = await otherPrograms(sandbox, quick);
  const meter = await compileMeter(sandbox);
  const ours: Contender[] = [
    program(NAMES.cached, signed.command, signed, HOST, { meter }),
    program("get by a service account's key, no network", signed.command, signed, HOST, { prepare: signed.forget }),
    program("get with a renewal from a token server", federated.command, federated, HOST, {
      prepare: federated.forget,
    }),
    parallelGets(NAMES.parallel, 50, federated, oauth),
    program(`a classic docker build: ${EVERY_HOST.length} gets`, signed.command, signed, EVERY_HOST, { roundsMax: 8 }),
  ];
  const rest = stack.move();
  return {
    what: "credential helper, from start to exit",
    unit: "ms",
    contenders: [...ours, ...others],
    rounds: quick ? 5 : 60,
    verdict,
    [Symbol.asyncDispose]: () => rest.disposeAsync(),
  } satisfies Bench;
};

/** With a token from the environment gcloud's helper needs no account and no network: its best case. */
async function otherPrograms(sandbox: Sandbox, quick: boolean): Promise<Contender[]> {
  const [trivial, gcloud] = [await compileTrivialProgram(sandbox), findHelper("docker-credential-gcloud")];
  const gcr = findHelper("docker-credential-gcr");
  sandbox.env.CLOUDSDK_AUTH_ACCESS_TOKEN = "token-of-a-bench";
  const store = { access_token: "t", refresh_token: "", token_expiry: "2999-01-01T00:00:00Z" };
  await Bun.write(sandbox.path("store.json"), JSON.stringify({ gcrCreds: store }));
  sandbox.env.DOCKER_CREDENTIAL_GCR_STORE = sandbox.path("store.json");
  return [
    ...(trivial ? [program(NAMES.trivial, [trivial], sandbox, HOST)] : []),
    ...(trivial
      ? [program(`${EVERY_HOST.length} starts of it`, [trivial], sandbox, EVERY_HOST, { roundsMax: 8 })]
      : []),
    program(NAMES.empty, [await compileEmptyProgram(sandbox)], sandbox, HOST),
    ...(gcloud ? [program(NAMES.gcloud, [gcloud, "get"], sandbox, HOST, { roundsMax: quick ? 2 : 20 })] : []),
    ...(gcr ? [program("docker-credential-gcr get", [gcr, "get"], sandbox, HOST)] : []),
  ];
}

function verdict(figures: readonly Figure[]): string[] {
  const of = (name: string) => figures.find(({ contender }) => contender === name);
  const [cached, trivial, gcloud, parallel] = [NAMES.cached, NAMES.trivial, NAMES.gcloud, NAMES.parallel].map(of);
  const resident = cached?.facts?.residentMebibytes;
  const requests = parallel?.facts?.tokenRequestsMax;
  return [
    judge("cached get in starts of a C program", trivial?.ratio, GOALS.timesTrivialMax),
    judge("cached get as a share of gcloud's", gcloud?.ratio, GOALS.shareOfGcloudMax),
    judge("token requests of 50 cold gets", requests, GOALS.tokenRequests),
    judge("resident MiB of a cached get", resident, GOALS.residentMebibytesMax),
  ].filter((line) => line !== undefined);
}

function judge(what: string, value: number | undefined, max: number): string | undefined {
  if (value === undefined) return undefined;
  return `${value <= max ? "reached" : "MISSED"}: ${what}: ${value}, at most ${Number(max.toPrecision(3))}`;
}
