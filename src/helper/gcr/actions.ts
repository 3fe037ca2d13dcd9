// Docker's four actions, as docker-credential-gcr answers them. What it refuses without need (`store`, `erase`, `list`)
// works here; DOCKER_CREDENTIAL_GCR_STRICT=true brings the refusals back.
import type { Context } from "../../sources/context.ts";
import { Failure, messageOf } from "../../sources/failure.ts";
import { parseRegistryHost } from "../../sources/registry-host.ts";
import { noServer, notFound, noUsername, readLines, trimSpace } from "../input.ts";
import type { Answer } from "../run.ts";
import { readTokenSources } from "./config-file.ts";
import { gcrToken } from "./get-token.ts";
import { encodeGoJson } from "./go-json.ts";
import type { GcrProgram } from "./program.ts";
import { gcrUsername } from "./version.ts";

const tooLong = "bufio.Scanner: token too long";

type Action = (context: Context, program: GcrProgram) => Promise<Answer>;

const actions: Readonly<Record<string, Action>> = { get, store, erase, list };

/** Runs the action of this name. A configuration that cannot be read is told before anything else is done. */
export async function runAction(name: string, program: GcrProgram, context: Context): Promise<number> {
  try {
    readTokenSources(context.env);
  } catch (error) {
    context.stderr(`Failure: ${(error as Error).message}\n`);
    return 1;
  }
  const answer = actions[name]?.(context, program) ?? Promise.reject(new Error(`${name} is unimplemented`));
  const { stdout, exitCode } = await answer.catch((error) => failed(error, context));
  context.stdout(stdout === "" ? "" : `${stdout}\n`);
  return exitCode;
}

async function get(context: Context, { suffix }: GcrProgram): Promise<Answer> {
  const serverUrl = trimSpace(await readLines(context, tooLong));
  if (serverUrl === "") return { stdout: noServer, exitCode: 1 };
  const host = parseRegistryHost(serverUrl);
  const token = host && (await gcrToken(host, suffix, context).catch(explain));
  if (token === undefined) return { stdout: notFound, exitCode: 1 };
  const credentials = { ServerURL: serverUrl, Username: gcrUsername(), Secret: token.reveal() };
  return { stdout: encodeGoJson(credentials), exitCode: 0 };
}

async function store(context: Context, program: GcrProgram): Promise<Answer> {
  const { decodeStored, sayInstead } = await import("./store.ts");
  const { serverUrl, username } = decodeStored(await readLines(context, tooLong));
  if (serverUrl === "") return { stdout: noServer, exitCode: 1 };
  if (username === "") return { stdout: noUsername, exitCode: 1 };
  if (isStrict(context)) return { stdout: "add is unimplemented", exitCode: 1 };
  await sayInstead({ serverUrl, username }, program, context);
  return { stdout: "", exitCode: 0 };
}

async function erase(context: Context): Promise<Answer> {
  if (trimSpace(await readLines(context, tooLong)) === "") return { stdout: noServer, exitCode: 1 };
  if (isStrict(context)) return { stdout: "delete is unimplemented", exitCode: 1 };
  return { stdout: "", exitCode: 0 };
}

async function list(context: Context, { suffix }: GcrProgram): Promise<Answer> {
  if (isStrict(context)) return { stdout: "list is unimplemented", exitCode: 1 };
  const { listedHosts } = await import("./list.ts");
  const usernames = Object.fromEntries(listedHosts(context.env, suffix).map((host) => [host, gcrUsername()]));
  return { stdout: encodeGoJson(usernames), exitCode: 0 };
}

function isStrict({ env }: Context): boolean {
  return env.DOCKER_CREDENTIAL_GCR_STRICT === "true";
}

function explain(error: unknown): never {
  const hint = error instanceof Failure ? error.hint : undefined;
  throw new Failure(`docker-credential-gcr/helper: could not retrieve GCR's access token: ${messageOf(error)}`, hint);
}

/** podman shows standard output, docker standard error: a failure is told on both. */
function failed(error: unknown, context: Context): Answer {
  const message = messageOf(error);
  context.stderr(`${message}\n`);
  if (error instanceof Failure && error.hint !== undefined) context.stderr(`waybill: hint: ${error.hint}\n`);
  return { stdout: message, exitCode: 1 };
}
