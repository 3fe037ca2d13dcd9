import { spawn } from "node:child_process";
import type { RegistryCredentials } from "../../client/registry/registry-authorization.ts";
import { findProgram } from "../../docker-config/credential-helper.ts";
import { type Context, type Env, readBounded } from "../../sources/context.ts";
import { Failure } from "../../sources/failure.ts";
import { Secret } from "../../sources/secret.ts";
import { type CredentialFile, entryFor, readDockerFile, readPodmanFiles } from "../doctor/docker-file.ts";

const answerBytesMax = 256 * 1024;
const answerMillisecondsMax = 20_000;

/**
 * What `docker login` or `podman login` left for a registry: the host's helper, its entry, the default store.
 *
 * @param keys how the files may spell the registry, the likeliest first
 */
export async function dockerCredentials(
  keys: readonly string[],
  { env }: Pick<Context, "env">,
): Promise<RegistryCredentials | undefined> {
  for (const file of [...readPodmanFiles(env), readDockerFile(env)]) {
    for (const key of keys) {
      const found = await credentialsIn(file, key, env);
      if (found) return found;
    }
  }
  return undefined;
}

async function credentialsIn(file: CredentialFile, key: string, env: Env): Promise<RegistryCredentials | undefined> {
  const helper = file.credHelpers.get(key);
  if (helper) return await askHelper(helper, key, env);
  const entry = entryFor(file, key);
  if (entry?.username === "<token>")
    throw new Failure(
      `${file.path} has an identity token for ${key}, which is for docker alone`,
      `docker login ${key}`,
    );
  if (entry) return { username: entry.username, secret: entry.secret };
  return file.credsStore ? await askHelper(file.credsStore, key, env) : undefined;
}

/** `docker-credential-NAME get`; one that has nothing, or is not there, is no reason to stop: docker goes on too. */
async function askHelper(name: string, key: string, env: Env): Promise<RegistryCredentials | undefined> {
  const path = findProgram(`docker-credential-${name}`, env);
  if (path === undefined) return undefined;
  const child = spawn(path, ["get"], { env: { ...env } as NodeJS.ProcessEnv, stdio: ["pipe", "pipe", "ignore"] });
  const killer = setTimeout(() => child.kill("SIGKILL"), answerMillisecondsMax);
  const ended = new Promise<number | null>((resolve) => child.on("error", () => resolve(1)).on("close", resolve));
  child.stdin.on("error", () => {}); // It answered without reading.
  child.stdin.end(key);
  const text = (await readBounded(child.stdout, answerBytesMax).catch(() => "")) ?? "";
  const exitCode = await ended;
  clearTimeout(killer);
  return exitCode === 0 ? parseAnswer(text) : undefined;
}

function parseAnswer(text: string): RegistryCredentials | undefined {
  try {
    const { Username, Secret: secret } = JSON.parse(text) as { Username?: unknown; Secret?: unknown };
    if (typeof Username !== "string" || typeof secret !== "string" || secret === "" || Username === "<token>")
      return undefined;
    return { username: Username, secret: new Secret(secret) };
  } catch {
    return undefined; // The parser's message would quote a secret.
  }
}
