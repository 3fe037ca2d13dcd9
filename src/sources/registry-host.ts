/** The registry as Docker names it in an image and in `credHelpers`: `gcr.io`, `localhost:5000`. Made by `parseRegistryHost`. */
export type RegistryHost = string & { readonly brand: "RegistryHost" };

// A DNS name or an address, and perhaps a port. Nothing that a URL parser could read differently (`@`, `\`, `%`).
const hostPattern = /^(?:[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$/;
const hostCharactersMax = 255;
const schemes = [
  { start: "https://", port: 443 },
  { start: "http://", port: 80 },
] as const;
const portMax = 65535;

/**
 * Reads what a client names a registry by: a host, `host:port`, `scheme://host` or `host/path`. Upper case and the
 * scheme's own port make no difference. Undefined when it names none.
 */
export function parseRegistryHost(text: string): RegistryHost | undefined {
  const lower = text.trim().toLowerCase();
  const scheme = schemes.find(({ start }) => lower.startsWith(start));
  const host = beforeAny(scheme ? lower.slice(scheme.start.length) : lower, "/?#");
  if (host.length > hostCharactersMax || !hostPattern.test(host)) return undefined;
  const colon = host.indexOf(":", host.indexOf("]") + 1);
  if (colon < 0) return host as RegistryHost;
  const port = host.slice(colon + 1);
  if (Number(port) > portMax) return undefined;
  return (port === `${(scheme ?? schemes[0]).port}` ? host.slice(0, colon) : host) as RegistryHost;
}

/** What comes before the first of these characters. */
function beforeAny(text: string, characters: string): string {
  let end = 0;
  while (end < text.length && !characters.includes(text.charAt(end))) end++;
  return text.slice(0, end);
}

/** Is this name (without its port) always this very machine? */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|.+\.localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])$/.test(hostname);
}
