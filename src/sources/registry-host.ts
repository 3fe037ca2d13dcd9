/** The registry as Docker names it in an image and in `credHelpers`: `gcr.io`, `localhost:5000`. Made by `parseRegistryHost`. */
export type RegistryHost = string & { readonly brand: "RegistryHost" };

// A DNS name or an address, and perhaps a port. Nothing that a URL parser could read differently (`@`, `\`, `%`).
const hostPattern = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/;
const hostCharactersMax = 255;
const defaultPorts: Readonly<Record<string, string>> = { http: ":80", https: ":443" };

/**
 * Reads what a client names a registry by: a host, `host:port`, `scheme://host` or `host/path`. Upper case and the
 * scheme's own port make no difference. Undefined when it names none.
 */
export function parseRegistryHost(text: string): RegistryHost | undefined {
  const [, scheme, rest = ""] = /^(?:(https?):\/\/)?(.*)$/is.exec(text.trim()) ?? [];
  const host = (rest.split(/[/?#]/, 1)[0] ?? "").toLowerCase();
  if (host.length > hostCharactersMax || !hostPattern.test(host)) return undefined;
  const [port] = /:[0-9]+$/.exec(host.replace(/^\[.*\]/, "")) ?? [""];
  if (port !== "" && Number(port.slice(1)) > 65535) return undefined;
  const isDefault = port !== "" && port === defaultPorts[scheme?.toLowerCase() ?? "https"];
  return (isDefault ? host.slice(0, -port.length) : host) as RegistryHost;
}

/** Is this name (without its port) always this very machine? */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|.+\.localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/.test(hostname);
}
