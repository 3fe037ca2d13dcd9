import { hostOf, isAddress, parseS3Address } from "../storage/blobs/s3-address.ts";
import { ConfigError } from "./config-error.ts";
import { isLoopback, listenHost } from "./listen-address.ts";
import type { Config } from "./settings.ts";

/**
 * Refuses to send clients to the store for blobs where that would give something away. Throws ConfigError.
 *
 * HTTP clients (Go's among them) send the Authorization header of the first request along to a host that is the same one, or
 * lies under it, whatever the port: the store would then get the registry's tokens.
 */
export function refuseBadRedirects(config: Config): void {
  if (!config["redirect-blobs"]) return;
  if (config.blobs === undefined || !isAddress(config.blobs)) {
    throw new ConfigError(
      "--redirect-blobs: blobs lie in a folder, which clients cannot read: it goes with --blobs=s3://…",
    );
  }
  const address = parseS3Address(config.blobs);
  const store = hostOf(address);
  const under = hostNames(config).find((name) => covers(name, store));
  if (under !== undefined) {
    throw new ConfigError(
      `--redirect-blobs: the store's host ${store} is ${under}, or lies under it: clients would send it their tokens`,
    );
  }
  const secure = config["tls-cert"].length > 0 || config["public-url"]?.startsWith("https:") === true;
  if (secure && address.endpoint.protocol !== "https:") {
    throw new ConfigError("--redirect-blobs: the store's endpoint must be https, as this registry is");
  }
}

/** Every name of this registry, without ports. */
function hostNames(config: Config): string[] {
  const listened = bare(listenHost(config));
  const names = [listened, ...config.hosts.map((host) => host.replace(/:[0-9]+$/, ""))];
  if (config["public-url"] !== undefined) names.push(bare(new URL(config["public-url"]).hostname));
  return isLoopback(listened) ? [...names, "localhost", "127.0.0.1", "::1"] : names;
}

function covers(name: string, host: string): boolean {
  return bare(host) === name || bare(host).endsWith(`.${name}`);
}

function bare(host: string): string {
  return host
    .replace(/^\[(.*)\]$/, "$1")
    .replace(/\.$/, "")
    .toLowerCase();
}
