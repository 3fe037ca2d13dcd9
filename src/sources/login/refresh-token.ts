// Where the refresh token of a sign-in lies: in the system's keychain, and where there is none in a file that only its
// owner can read. The settings say which of the two, since a locked keychain answers "nothing" and means "ask again".
import { readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { Env } from "../context.ts";
import { Failure } from "../failure.ts";
import { makePrivateFolder, replaceFile } from "../replace-file.ts";
import { Secret } from "../secret.ts";
import { keyPath, type Login } from "../settings.ts";

const service = "waybill";
/** A keychain that asks somebody who is not there must not hold up docker. */
const keychainMillisecondsMax = 3_000;

/** The part of Bun.secrets that is used. */
export type Keychain = Pick<typeof Bun.secrets, "get" | "set" | "delete">;

/** The refresh token of an account that signed in here. */
export async function readRefreshToken(
  env: Env,
  email: string,
  { keptIn }: Pick<Login, "keptIn">,
  keychain: Keychain = Bun.secrets,
): Promise<Secret> {
  const text = keptIn === "file" ? readFile(env, email) : await readKeychain(email, keychain);
  if (text) return new Secret(text);
  throw new Failure(
    keptIn === "file"
      ? `the refresh token of ${email} is not in ${keyPath(env, email)}`
      : `the keychain does not give the refresh token of ${email}: it may be locked`,
    keptIn === "file" ? "sign in again: waybill auth login" : "unlock it, or sign in again: waybill auth login",
  );
}

/** Keeps a refresh token and returns where. */
export async function writeRefreshToken(
  env: Env,
  email: string,
  token: Secret,
  mayUseKeychain: boolean,
  keychain: Keychain = Bun.secrets,
): Promise<Login["keptIn"]> {
  if (mayUseKeychain && (await tryKeychain(() => keychain.set({ service, name: email, value: token.reveal() })))) {
    rmSync(keyPath(env, email), { force: true });
    return "keychain";
  }
  makePrivateFolder(dirname(keyPath(env, email)));
  replaceFile(keyPath(env, email), `${JSON.stringify({ refresh_token: token.reveal() })}\n`);
  return "file";
}

/** Forgets a refresh token, wherever it lies. */
export async function deleteRefreshToken(
  env: Env,
  email: string,
  { keptIn }: Pick<Login, "keptIn">,
  keychain: Keychain = Bun.secrets,
): Promise<void> {
  rmSync(keyPath(env, email), { force: true });
  if (keptIn === "keychain") await tryKeychain(() => keychain.delete({ service, name: email }));
}

function readFile(env: Env, email: string): string | undefined {
  try {
    const { refresh_token: token } = JSON.parse(readFileSync(keyPath(env, email), "utf8"));
    return typeof token === "string" ? token : undefined;
  } catch {
    return undefined;
  }
}

async function readKeychain(email: string, keychain: Keychain): Promise<string | undefined> {
  let text: string | undefined;
  await tryKeychain(async () => {
    text = (await keychain.get({ service, name: email })) ?? undefined;
  });
  return text;
}

/** Did it work, and in time? Without a keychain it throws; locked, it waits for somebody to type. */
async function tryKeychain(action: () => Promise<unknown>): Promise<boolean> {
  let timer: Timer | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), keychainMillisecondsMax);
  });
  const done = action().then(
    () => true,
    () => false,
  );
  const outcome = await Promise.race([done, late]);
  clearTimeout(timer);
  return outcome;
}
