import { Failure } from "./failure.ts";
import { isLoopback, parseRegistryHost, type RegistryHost } from "./registry-host.ts";

/** A Waybill server: its origin, `https://registry.example.com` or `http://localhost:5000`. Made by `parseServer`. */
export type Server = string & { readonly brand: "Server" };

/** Reads a server's URL. Without a scheme it is https, on this machine http. */
export function parseServer(text: string): Server {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `https://${text}`);
  if (url?.username !== "" || url.password !== "" || url.pathname !== "/" || url.search !== "" || url.hash !== "")
    throw new Failure(`${JSON.stringify(text)} is not a server`, "a server looks like https://registry.example.com");
  if (!/^[a-z]+:\/\//i.test(text) && isLoopback(url.hostname)) return `http://${url.host}` as Server;
  return serverOf(url);
}

/** The server that a URL belongs to. Credentials go over plain HTTP only where nobody can listen: to this machine. */
export function serverOf(url: URL): Server {
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback(url.hostname)))
    throw new Failure(
      `${url.origin} would get credentials without encryption`,
      "use https:// (http:// only on this machine)",
    );
  return url.origin as Server;
}

/** The names that Google's registry has, one for each place where images lie. Who serves one of them serves all. */
const googleHosts = ["gcr.io", "us.gcr.io", "eu.gcr.io", "asia.gcr.io"];

/** The registry hosts of a server. On this machine the same port answers to two names, and people type either. */
export function registryHostsOf(server: Server): RegistryHost[] {
  const url = new URL(server);
  if (googleHosts.includes(url.host)) return googleHosts as RegistryHost[];
  const port = url.port === "" ? "" : `:${url.port}`;
  const names = isLoopback(url.hostname) ? [`localhost${port}`, `127.0.0.1${port}`, url.host] : [url.host];
  return [
    ...new Set(names.map((name) => parseRegistryHost(`${url.protocol}//${name}`)).filter((host) => host !== undefined)),
  ];
}

/** Are these two names of one server? */
export function isSameServer(one: Server, other: Server): boolean {
  if (one === other) return true;
  const [a, b] = [new URL(one), new URL(other)];
  return a.protocol === b.protocol && a.port === b.port && isLoopback(a.hostname) && isLoopback(b.hostname);
}
