// What `gcr-login` keeps, in docker-credential-gcr's own form, so that either program finds what the other has left:
//
//   {"gcrCreds":{"access_token":"…","refresh_token":"…","token_expiry":"2026-01-02T15:04:05Z"}}
//
// A login without a time never expires. What else is in the file stays.
import { readFileSync } from "node:fs";
import type { Env } from "../../sources/context.ts";
import { Secret } from "../../sources/secret.ts";
import { fileError, isAbsent } from "./file-error.ts";
import { ownFile } from "./gcloud-folder.ts";
import { decodeGoObject, encodeGoJson, type GoType, goField, goText, typeError } from "./go-json.ts";
import { formatGoTime, parseGoTime } from "./go-time.ts";

/** A login at Google: a token, what renews it (where there is one), and when it ends in milliseconds since 1970. */
export type Login = { accessToken: Secret; refreshToken: Secret | undefined; expiresAt: number | undefined };

const file: GoType = { value: "store.dockerCredentials", struct: "dockerCredentials" };
const tokens: GoType = { value: "store.tokens", struct: "tokens" };
const field = "gcrCreds";

/** Where the login lies. */
export function loginPath(env: Env): string {
  return ownFile(env, "DOCKER_CREDENTIAL_GCR_STORE", "docker_credentials.json");
}

/** The login that is kept; undefined when there is none. */
export function readLogin(env: Env): Login | undefined {
  const path = loginPath(env);
  const text = readIfPresent(path);
  return text === undefined ? undefined : loginIn(text, path);
}

/** Keeps a new login. A damaged file is written over: it held a login, and here is another. */
export async function keepLogin(env: Env, login: Login): Promise<void> {
  const { editFile } = await import("../../docker-config/edit-file.ts");
  await editFile(loginPath(env), (text, path) => {
    let whole = {};
    try {
      whole = wholeOf(text, path);
    } catch {} // There is nothing to save in it.
    return `${encodeGoJson({ ...whole, [field]: fieldsOf(login) })}\n`;
  });
}

/** Puts what `of` makes of a login in its place. A file that cannot be read is not written over. */
export async function changeLogin(env: Env, of: (old: Login | undefined) => Promise<Login>): Promise<void> {
  const { editFile } = await import("../../docker-config/edit-file.ts");
  const path = loginPath(env);
  await editFile(path, async (text) => {
    const old = text === undefined ? undefined : loginIn(text, path);
    const login = await of(old);
    return login === old ? text : `${encodeGoJson({ ...wholeOf(text, path), [field]: fieldsOf(login) })}\n`;
  });
}

/** Forgets the login; nothing happens when there is none. */
export async function removeLogin(env: Env): Promise<void> {
  if (readLogin(env) === undefined) return;
  const { editFile } = await import("../../docker-config/edit-file.ts");
  const path = loginPath(env);
  await editFile(path, (text) => {
    if (text === undefined) return undefined;
    const rest = Object.entries(wholeOf(text, path)).filter(([name]) => name.toLowerCase() !== field.toLowerCase());
    return `${encodeGoJson(Object.fromEntries(rest))}\n`;
  });
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isAbsent(error)) return undefined;
    const failure = fileError(error, path);
    // A folder can be opened; that it cannot be read is found out by the decoder.
    if ((error as NodeJS.ErrnoException).code !== "EISDIR") throw failure;
    return decoding(path, () => {
      throw failure;
    });
  }
}

function loginIn(text: string, path: string): Login | undefined {
  return decoding(path, () => {
    const login = goField(decodeGoObject(text, file), field);
    return login === undefined ? undefined : parseLogin(login);
  });
}

function parseLogin(login: unknown): Login {
  if (typeof login !== "object" || Array.isArray(login))
    throw typeError(login, `${file.struct}.${field}`, "store.tokens");
  const fields = login as Record<string, unknown>;
  const text = (name: string) => goText(fields, name, tokens, `${field}.${name}`);
  const [accessToken, refreshToken, expiry] = [
    text("access_token"),
    text("refresh_token"),
    goField(fields, "token_expiry"),
  ];
  return {
    accessToken: new Secret(accessToken),
    refreshToken: refreshToken === "" ? undefined : new Secret(refreshToken),
    expiresAt: expiry === undefined ? undefined : parseExpiry(expiry),
  };
}

/** Go's zero time is no time. */
function parseExpiry(value: unknown): number | undefined {
  const time = parseGoTime(value);
  return time === Date.parse("0001-01-01T00:00:00Z") ? undefined : time;
}

function fieldsOf({ accessToken, refreshToken, expiresAt }: Login): Record<string, string> {
  return {
    access_token: accessToken.reveal(),
    refresh_token: refreshToken?.reveal() ?? "",
    ...(expiresAt !== undefined && { token_expiry: formatGoTime(expiresAt) }),
  };
}

function wholeOf(text: string | undefined, path: string): Readonly<Record<string, unknown>> {
  return text === undefined ? {} : decoding(path, () => decodeGoObject(text, file));
}

function decoding<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(`docker-credential-gcr/store: failed to decode credentials from ${path}: ${reason}`);
  }
}
