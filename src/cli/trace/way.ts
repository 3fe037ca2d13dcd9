// How a command's conversation can be come by. The Docker engine makes docker's connections and knows nothing of this
// shell's proxy; Go programs ask no proxy for this very machine. Both can be given another name for the registry.
import { existsSync } from "node:fs";
import { basename } from "node:path";
import { isLoopback, parseRegistryHost } from "../../sources/registry-host.ts";

/** `name`: the registry's name in the arguments is replaced. `proxy`: the environment names a proxy. */
export type Way = "name" | "proxy";

/** A registry that an argument names: where in the argument, and which. */
type Mention = { index: number; start: number; end: number; registry: string };

/** Programs of the same family, which read podman's files before docker's. */
const podmanFamily = ["podman", "skopeo", "buildah"];
/** Programs whose connections somebody else makes. */
const engineClients = ["docker", "nerdctl", "ctr"];

/** The way that works for this command. */
export function wayFor(command: readonly string[]): Way {
  const program = programName(command);
  const registries = mentions(command).map(({ registry }) => registry);
  const isHere = registries.some((registry) => isLoopback(new URL(`http://${registry}`).hostname));
  return engineClients.includes(program) || isHere ? "name" : "proxy";
}

export function readsPodmanFiles(command: readonly string[]): boolean {
  return podmanFamily.includes(programName(command));
}

/** The registries that the arguments name, each once. */
export function registriesIn(command: readonly string[]): string[] {
  return [...new Set(mentions(command).map(({ registry }) => registry))];
}

/** The command with other names for its registries. */
export function renamed(command: readonly string[], names: ReadonlyMap<string, string>): string[] {
  const all = mentions(command);
  return command.map((word, index) => {
    const mention = all.find((each) => each.index === index);
    const name = names.get(mention?.registry ?? "");
    return mention && name !== undefined ? word.slice(0, mention.start) + name + word.slice(mention.end) : word;
  });
}

// `localhost:5000/a/b`, `docker://gcr.io/a/b`, `--tag=gcr.io/a/b`: a host, and something after it.
const mentionPattern =
  /^((?:--?[\w-]+=)?(?:(?:docker|https?):\/\/)?)((?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::[0-9]+)?)\/[\w.]/i;

function mentions(command: readonly string[]): Mention[] {
  return command.flatMap((word, index) => {
    const [, before = "", host = ""] = (index === 0 ? undefined : mentionPattern.exec(word)) ?? [];
    const registry = /[.:]|^localhost$/.test(host) ? parseRegistryHost(host) : undefined;
    if (registry === undefined || existsSync(word)) return [];
    return { index, start: before.length, end: before.length + host.length, registry };
  });
}

function programName(command: readonly string[]): string {
  return basename(command[0] ?? "").replace(/\.exe$/i, "");
}
