// A cache of a registry that is reached through a front, which counts what is asked of it.
import { readFileSync } from "node:fs";
import { startAdministeredServer } from "../../cli/administered-server.ts";
import { type Fault, startFaultyRegistry } from "../../cli/copy/faulty-registry.ts";
import { Pusher, startRegistry } from "../../cli/copy/registries.ts";
import { Home } from "../../helper/home.ts";

/** @param more flags of the cache's `serve` and of `projects create`; a home for the cache's server */
export async function startCaching(
  fault: Fault = {},
  { settings = [], create = [], home = new Home() }: { settings?: string[]; create?: string[]; home?: Home } = {},
) {
  const upstream = await startRegistry("one");
  const everybody = ["projects", "add-iam-policy-binding", "one", "--member=allUsers"];
  if (!create.some((flag) => flag.includes("credentials")))
    await succeed(upstream, [...everybody, "--role=roles/artifactregistry.reader"]);
  const front = startFaultyRegistry(upstream.origin, fault);
  const cache = await startAdministeredServer([`--private-upstreams=${front.host}`, ...settings], home);
  await succeed(cache, ["projects", "create", "mirror", `--upstream=${front.host}/one`, ...create]);
  return {
    upstream,
    front,
    cache,
    /** Speaks to the upstream itself. */
    there: new Pusher(upstream.origin, upstream.keyFile),
    /** Speaks to the cache as its owner. */
    here: new Pusher(cache.origin, cache.adminKey),
    /** How often the upstream was asked for something whose path ends so. */
    asked: (method: string, ending: string) =>
      front.seen.filter((request) => request.method === method && request.path.endsWith(ending)).length,
    async [Symbol.asyncDispose]() {
      front.stop();
      await Promise.all([upstream, cache].map((server) => server[Symbol.asyncDispose]()));
    },
  };
}

type Server = Awaited<ReturnType<typeof startAdministeredServer>>;

export async function succeed(server: Pick<Server, "waybill">, argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await server.waybill(argv);
  if (exitCode !== 0) throw new Error(stderr);
  return stdout;
}

/** Gives a home an account for a host that it was not made for. */
export async function useAccountFor(home: Home, host: string, keyFile: string): Promise<void> {
  const file = home.write("key.json", readFileSync(keyFile, "utf8"));
  await home.waybill(["auth", "activate-service-account", `--key-file=${file}`]);
  const path = ".config/waybill/settings.json";
  const settings = JSON.parse(home.read(path));
  settings.registries[host] = Object.values(settings.registries)[0];
  home.write(path, JSON.stringify(settings));
}
