import { readFileSync } from "node:fs";
import { refuseBadRedirects } from "./blob-redirects.ts";
import { ConfigError } from "./config-error.ts";
import { readLayers, type Said, type Surroundings } from "./config-layers.ts";
import { isLoopback, listenHost } from "./listen-address.ts";
import { type Config, settings } from "./settings.ts";

export { ConfigError } from "./config-error.ts";
export type { Config } from "./settings.ts";

/** The settings, and for each that somebody chose, where. */
export interface ReadConfig {
  readonly config: Config;
  readonly chosen: ReadonlyMap<string, Said>;
  /** Flags of the command's own, which are no settings. */
  readonly own: Readonly<Record<string, string | undefined>>;
}

/** What a process is surrounded by. */
export const processSurroundings: Surroundings = {
  env: process.env,
  readFile: (path) => readFileSync(path, "utf8"),
};

/**
 * Reads the settings. What counts more comes first: the command line, the environment (WAYBILL_…), the file that --config
 * or WAYBILL_CONFIG names, the default. Throws ConfigError with every problem; nothing has been touched then.
 */
export function readConfig(
  argv: readonly string[],
  around: Surroundings = processSurroundings,
  extra: readonly string[] = [],
): ReadConfig {
  const { said, own } = readLayers(argv, around, extra);
  // From the last to the first: what is set later counts.
  const chosen = new Map([...said].reverse().map((each) => [each.name, each]));
  const given = Object.fromEntries([...chosen].map(([name, { value }]) => [name, value]));
  const parsed = settings.safeParse(given);
  if (!parsed.success) throw new ConfigError(...problemsOf(parsed.error.issues, chosen));
  refuseCombinations(parsed.data);
  return { config: parsed.data, chosen, own };
}

/** The settings alone. */
export function parseConfig(
  argv: readonly string[],
  around: Surroundings = { ...processSurroundings, env: {} },
): Config {
  return readConfig(argv, around).config;
}

type Issue = { readonly path: readonly PropertyKey[]; readonly message: string };

/** One line for each setting; the first thing that is wrong with it is enough. */
function problemsOf(issues: readonly Issue[], chosen: ReadonlyMap<string, Said>): string[] {
  const firsts = new Map([...issues].reverse().map((issue) => [String(issue.path[0]), issue.message]));
  return [...firsts].reverse().map(([name, message]) => `${chosen.get(name)?.where ?? `--${name}`}: ${message}`);
}

function refuseCombinations(config: Config): void {
  if (config["tls-cert"].length !== config["tls-key"].length) {
    throw new ConfigError("--tls-cert and --tls-key go together: one key for each certificate, in the same order");
  }
  if (config["client-certificates"] && config["trusted-proxies"].length === 0) {
    throw new ConfigError("--client-certificates: it takes --trusted-proxies that say which certificate a client has");
  }
  refuseClearText(config);
  refuseOpenMetrics(config);
  refuseBadRedirects(config);
}

/** What happens on a server is not for everybody who reaches its port. */
function refuseOpenMetrics({ "metrics-listen": listen, "metrics-token": token }: Config): void {
  if (listen !== undefined && token === undefined && !isLoopback(listenHost({ listen })))
    throw new ConfigError(`--metrics-listen: ${listen} is open to others: give --metrics-token-file`);
}

/** Credentials go over nothing that others can read. Throws ConfigError. */
export function refuseClearText(config: Config): void {
  const proxied = config["trusted-proxies"].length > 0 && config["public-url"] !== undefined;
  if (config["tls-cert"].length === 0 && !isLoopback(listenHost(config)) && !proxied) {
    throw new ConfigError(
      `--listen: ${config.listen} would send credentials in clear: give --tls-cert and --tls-key, or --trusted-proxies with --public-url`,
    );
  }
}
