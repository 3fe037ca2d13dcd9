// `import { startRegistry } from "waybill/start-registry"` in a program that Bun runs: the server runs in that process.
// Node's way in is bin/start-registry.js, which gives the same.
import { join } from "node:path";
import type { Registry, RegistryOptions } from "../bin/start-registry.js";
import { Administration } from "./client/administration.ts";
import { parseConfig } from "./config/config.ts";
import { openDataFolder } from "./data-folder.ts";
import { prepareRsaPairs } from "./identity/rsa-pairs.ts";
import { startServer } from "./server.ts";
import { resolveCaller } from "./sources/identity.ts";
import { takeFolders } from "./throw-away-folders.ts";

/** The owner's key, and the one that signs id_tokens. */
const pairsEach = 2;
// They take most of the time, so those of the first registry are made while the test suite loads.
prepareRsaPairs(pairsEach);

/** What only this file decides. */
const ownSettings: readonly string[] = ["data", "admin-key", "listen", "config", "read-only"];
/** A test that runs fast is no attack. */
const defaults = { "anonymous-rate": 1_000_000, "principal-rate": 1_000_000 };

/** See bin/start-registry.d.ts. */
export async function startRegistry({ project = "test", settings = {} }: RegistryOptions = {}): Promise<Registry> {
  const taken = ownSettings.find((name) => name in settings);
  if (taken !== undefined) throw new Error(`settings: ${taken} is chosen by startRegistry`);
  const folders = await takeFolders();
  const keyFile = join(folders.memory, "key.json");
  const undo: (() => unknown)[] = [() => folders.remove()];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const config = parseConfig([
      `--data=${join(folders.memory, "data")}`,
      "--listen=localhost:0",
      `--admin-key=${keyFile}`,
      ...Object.entries({ ...defaults, ...settings }).flatMap(toFlag),
    ]);
    const data = openDataFolder(config.data);
    undo.push(() => data.release());
    const server = await startServer(config, { ...data, objects: folders.objects });
    undo.push(() => server.stop());
    const { origin } = server;
    await pointAt(origin, keyFile);
    await createProject(project, keyFile, origin);
    prepareRsaPairs(pairsEach);
    return { origin, host: new URL(origin).host, keyFile, project, stop, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function toFlag([name, value]: [string, string | number | boolean]): string[] {
  if (typeof value === "boolean") return value ? [`--${name}`] : [];
  return [`--${name}=${value}`];
}

/** With `hosts` the key would name the first of them, where no test can reach this server. */
async function pointAt(origin: string, keyFile: string): Promise<void> {
  const key = (await Bun.file(keyFile).json()) as object;
  const text = JSON.stringify({ ...key, auth_uri: `${origin}/o/oauth2/auth`, token_uri: `${origin}/token` }, null, 2);
  await Bun.write(keyFile, `${text}\n`, { mode: 0o600 });
}

async function createProject(projectId: string, keyFile: string, server: string): Promise<void> {
  const caller = resolveCaller({ "key-file": keyFile, server }, { env: {}, now: Date.now });
  await new Administration(caller, fetch).call("POST", "/v1/projects", { projectId, name: projectId });
}
