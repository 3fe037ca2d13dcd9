import type { Env } from "../../sources/context.ts";
import { isLoopback } from "../../sources/registry-host.ts";

/** The proxy that this environment sends a URL's requests through. */
export type ProxyInForce = { variable: string; url: string };

/** The proxy for a URL; undefined where none is set or NO_PROXY names the host, and for this very machine. */
export function proxyFor(url: string, env: Env): ProxyInForce | undefined {
  const { protocol, hostname, port } = new URL(url);
  if (isLoopback(hostname)) return undefined;
  const scheme = protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  const found = setVariable(env, scheme);
  if (!found || isExempt(hostname, port, setVariable(env, "NO_PROXY")?.url ?? "")) return undefined;
  return found;
}

/** Lower case goes first: HTTP_PROXY in upper case can be set by a request to a CGI program. */
function setVariable(env: Env, name: string): ProxyInForce | undefined {
  for (const variable of [name.toLowerCase(), name]) {
    const value = env[variable]?.trim();
    if (value) return { variable, url: value };
  }
  return undefined;
}

/** NO_PROXY is a list of hosts, `.suffixes` and `host:port`; `*` is everything. */
function isExempt(hostname: string, port: string, list: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, "").toLowerCase();
  return list.split(",").some((item) => {
    const [, name = "", itemPort] = /^\s*\[?(.*?)\]?(?::([0-9]+))?\s*$/.exec(item.toLowerCase()) ?? [];
    if (name === "" || (itemPort !== undefined && itemPort !== port)) return false;
    const suffix = name.replace(/^\*?\./, "");
    return name === "*" || host === suffix || host.endsWith(`.${suffix}`);
  });
}
