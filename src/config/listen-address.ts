import { isIP } from "node:net";
import type { Config } from "./settings.ts";

/** The host part of `listen`, without the brackets of an IPv6 address. */
export function listenHost({ listen }: Pick<Config, "listen">): string {
  return listen.slice(0, listen.lastIndexOf(":")).replace(/^\[(.*)\]$/, "$1");
}

/** The port of `listen`. */
export function listenPort({ listen }: Pick<Config, "listen">): number {
  return Number(listen.slice(listen.lastIndexOf(":") + 1));
}

/** Whether an address never leaves this machine. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^::ffff:/, "");
  return host === "localhost" || host === "::1" || (isIP(address) === 4 && address.startsWith("127."));
}
