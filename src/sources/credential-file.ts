import { existsSync } from "node:fs";
import { join } from "node:path";
import { readKeyFile } from "./accounts.ts";
import type { Env } from "./context.ts";
import { Failure } from "./failure.ts";
import { isGoogleService } from "./google.ts";
import { gcloudFolder } from "./paths.ts";
import { registryHostsOf, serverOf } from "./server.ts";
import type { TokenRequest } from "./token-source.ts";

/** A file of credentials as Google's libraries know them. `origin` says in errors where it came from. */
export type CredentialFile = { type: string; fields: Record<string, unknown>; text: string; origin: string };

/** The files that the environment names, ours before Google's, and gcloud's own when it names none. */
export function credentialFiles(env: Env): CredentialFile[] {
  const named = [env.WAYBILL_KEY_FILE, env.GOOGLE_APPLICATION_CREDENTIALS || wellKnownFile(env)];
  return named.filter((path) => !!path).map((path) => readCredentialFile(path as string));
}

/** Where `gcloud auth application-default login` writes. */
function wellKnownFile(env: Env): string | undefined {
  const path = join(gcloudFolder(env), "application_default_credentials.json");
  return existsSync(path) ? path : undefined;
}

function readCredentialFile(origin: string): CredentialFile {
  const text = readKeyFile(origin);
  const fields = parseObject(text);
  return { type: typeof fields.type === "string" ? fields.type : "", fields, text, origin };
}

/** The parser's message could quote the file: what cannot be read has no type, and whoever needs one says so. */
function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Is this file's identity for this host? The server that issues its tokens decides. */
export function isMeantFor({ fields, type }: CredentialFile, { host, isGoogle }: TokenRequest): boolean {
  const endpoint = type === "service_account" ? fields.token_uri : type.startsWith("external_") ? fields.token_url : "";
  const issuer = typeof endpoint === "string" ? URL.parse(endpoint) : null;
  if (issuer === null || isGoogleService(issuer.href)) return isGoogle;
  return registryHostsOf(serverOf(issuer)).includes(host);
}

/** A text that such a file must have. */
export function textField({ fields, origin }: CredentialFile, name: string): string {
  const value = fields[name];
  if (typeof value === "string" && value !== "") return value;
  throw new Failure(`${origin} is not complete: ${name} is missing`, "make the file again where it came from");
}
