import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { parseArgs } from "node:util";
import { z } from "zod";

/** A setting that cannot be; the message says which, and what it may be. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

const hostName = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?$/;
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);

/** Whole numbers come as text from the command line and as numbers from a file. */
const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** Every setting of `waybill serve`: its flag, its check, its default, its documentation. */
const schema = z
  .object({
    data: z.string().min(1).default("./waybill-data").describe("folder for database, blobs and keys"),
    listen: z
      .string()
      .regex(/^.+:[0-9]{1,5}$/, "is not HOST:PORT")
      .default("localhost:5000")
      .describe("HOST:PORT; port 0 picks a free one"),
    "admin-key": z.string().min(1).optional().describe("at the first start, write an owner's JSON key to this file"),
    hosts: list
      .pipe(z.array(z.string().regex(hostName, "is not a host name")))
      .prefault("")
      .describe("host names that clients use, each a storage location of its own: gcr.io,eu.gcr.io"),
    "public-url": z
      .url({ protocol: /^https?$/ })
      .transform((text) => new URL(text).origin)
      .optional()
      .describe("the URL that clients use, where a proxy stands before this server"),
    "trusted-proxies": list.prefault("").describe("CIDR,… of proxies whose X-Forwarded-* headers are believed"),
    "tls-cert": z.string().min(1).optional().describe("PEM file with the certificate chain"),
    "tls-key": z.string().min(1).optional().describe("PEM file with the certificate's private key"),
    "stall-timeout": wholeNumber(8, 255)
      .default(60)
      .describe("seconds after which a client that sends nothing in the middle of a body is cut (8 to 255)"),
    "anonymous-rate": wholeNumber(1, 1_000_000)
      .default(50)
      .describe("requests per second without credentials, or with bad ones, that one address may make"),
    "principal-rate": wholeNumber(1, 1_000_000).default(2000).describe("requests per second that one account may make"),
    "garbage-grace-hours": wholeNumber(1, 8760)
      .default(24)
      .describe("hours that blobs are kept which no manifest names, before they are removed"),
    "scrub-days": wholeNumber(1, 3650)
      .default(30)
      .describe("days within which every stored blob is read again and compared with its digest"),
    "audit-days": wholeNumber(1, 3650)
      .default(400)
      .describe("days that the audit log is kept; older segments are dropped, their signed checkpoints are not"),
    "signing-key-days": wholeNumber(1, 3650)
      .default(90)
      .describe("days after which the keys that tokens are signed with are rotated"),
    "upstream-tag-seconds": wholeNumber(0, 86_400)
      .default(300)
      .describe("seconds for which a cache believes a tag before it asks the upstream again"),
    "private-upstreams": list
      .pipe(z.array(z.string().regex(hostName, "is not a host name")))
      .prefault("")
      .describe("HOST[:PORT],… of upstreams that may lie in a private network, or on this machine"),
    "private-issuers": list
      .pipe(z.array(z.string().regex(hostName, "is not a host name")))
      .prefault("")
      .describe("HOST[:PORT],… of workload identity issuers that may lie in a private network, or on this machine"),
    "sign-in-providers": z
      .string()
      .min(1)
      .optional()
      .describe("YAML file with the OIDC providers that people may sign in with; it has their secrets in it"),
    "read-only": z.boolean().default(false).describe("answer pulls only: nothing is pushed, deleted or administered"),
    "account-domain": z
      .string()
      .regex(/^[a-z0-9.-]+$/)
      .default("iam.waybill.internal")
      .describe("what ends the e-mails of service accounts; chosen at the first start"),
  })
  .strict();

/** Those that are there or not: their flags take no value. */
const switches: ReadonlySet<string> = new Set(["read-only"]);

export type Config = z.infer<typeof schema>;

/**
 * Reads the settings from the command line, and below it from the file that `--config` names (YAML or JSON, the same
 * names). Throws ConfigError; nothing has been touched then.
 */
export function parseConfig(argv: readonly string[], readFile = (path: string) => readFileSync(path, "utf8")): Config {
  const { config: file, ...flags } = parseFlags(argv);
  const parsed = schema.safeParse({ ...(file === undefined ? {} : parseFile(file, readFile)), ...flags });
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigError(`--${String(issue?.path[0] ?? "config")}: ${issue?.message}`);
  }
  refuseCombinations(parsed.data);
  return parsed.data;
}

/** The settings as a table for `--help`. */
export function configHelp(): string {
  const rows = Object.entries(schema.shape).map(([name, type]) => `  --${name.padEnd(18)}${type.description ?? ""}`);
  return [...rows, `  --${"config".padEnd(18)}read these settings from a YAML file`].join("\n");
}

function parseFlags(argv: readonly string[]): Record<string, string | undefined> {
  const names = [...Object.keys(schema.shape), "config"];
  try {
    const typeOf = (name: string) => (switches.has(name) ? ("boolean" as const) : ("string" as const));
    const options = Object.fromEntries(names.map((name) => [name, { type: typeOf(name) }]));
    return parseArgs({ args: [...argv], options, allowPositionals: false }).values as Record<string, string>;
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}

function parseFile(path: string, readFile: (path: string) => string): Record<string, unknown> {
  try {
    return (Bun.YAML.parse(readFile(path)) as Record<string, unknown> | null) ?? {};
  } catch (error) {
    throw new ConfigError(`--config: ${path} cannot be read: ${(error as Error).message}`);
  }
}

function refuseCombinations(config: Config): void {
  if ((config["tls-cert"] === undefined) !== (config["tls-key"] === undefined)) {
    throw new ConfigError("--tls-cert and --tls-key go together");
  }
  const proxied = config["trusted-proxies"].length > 0 && config["public-url"] !== undefined;
  if (config["tls-cert"] === undefined && !isLoopback(listenHost(config)) && !proxied) {
    throw new ConfigError(
      `--listen: ${config.listen} would send credentials in clear: give --tls-cert and --tls-key, or --trusted-proxies with --public-url`,
    );
  }
}

/** The host part of `listen`, without the brackets of an IPv6 address. */
export function listenHost({ listen }: Config): string {
  return listen.slice(0, listen.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1");
}

export function listenPort({ listen }: Config): number {
  return Number(listen.slice(listen.lastIndexOf(":") + 1));
}

/** Whether an address never leaves this machine. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^::ffff:/, "");
  return host === "localhost" || host === "::1" || (isIP(address) === 4 && address.startsWith("127."));
}
