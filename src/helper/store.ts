import type { Context } from "../sources/context.ts";
import { Failure } from "../sources/failure.ts";
import { parseRegistryHost } from "../sources/registry-host.ts";
import { findRegistryIdentity } from "../sources/registry-identity.ts";
import { tokenUsername } from "./get.ts";
import { noServer, noUsername, readLines } from "./input.ts";
import type { Answer } from "./run.ts";

/**
 * `store`: keeps nothing, since this helper makes its tokens itself, and says whose will be used instead. It succeeds:
 * `docker login` fails otherwise, after the registry has accepted the credentials. After a login without a user name
 * docker stores the very token that `get` gave: nothing need be said then.
 */
export async function store(context: Context): Promise<Answer> {
  const credentials = parseCredentials(await readLines(context));
  if (credentials.serverUrl === "") return { stdout: noServer, exitCode: 1 };
  if (credentials.username === "") return { stdout: noUsername, exitCode: 1 };
  if (credentials.username !== tokenUsername) context.stderr(await instead(credentials.serverUrl, context));
  return { stdout: "", exitCode: 0 };
}

function parseCredentials(text: string): { serverUrl: string; username: string } {
  const fields = parseObject(text);
  const [serverUrl, username] = [fields.ServerURL ?? "", fields.Username ?? ""];
  if (typeof serverUrl !== "string" || typeof username !== "string")
    throw new Failure("the credentials to store have a ServerURL or a Username that is not a text");
  return { serverUrl: serverUrl.trim(), username: username.trim() };
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {}
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  // The parser's own message could quote the secret.
  throw new Failure("the credentials to store are not a JSON object");
}

async function instead(serverUrl: string, { env }: Context): Promise<string> {
  const host = parseRegistryHost(serverUrl);
  const identity = host && (await findRegistryIdentity(host, env));
  return identity
    ? `waybill: ${host} is used as ${identity.email}; these credentials are not kept\n` +
        "waybill: hint: another identity: waybill auth login, or waybill config set account EMAIL\n"
    : `waybill: ${host ?? "this server"} is not configured here; these credentials are not kept, and it is used without any\n` +
        "waybill: hint: waybill auth activate-service-account --key-file=FILE\n";
}
