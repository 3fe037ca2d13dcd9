import { BlockList, isIPv6 } from "node:net";
import { isLoopback } from "../config.ts";

/** What a request's connection says, after which no face looks at Host or X-Forwarded-* again. */
export interface RequestContext {
  /** The storage location: the configured host that the client asked, or the first. */
  readonly location: string;
  /** `https://gcr.io`: where this client finds us, for realms and key files. Always a configured name. */
  readonly origin: string;
  /** The origin's host and port: the `service` of token authentication. */
  readonly host: string;
  /** Whether nobody between could read the request. */
  readonly secure: boolean;
}

/** The names that this server answers to. */
export interface NameSettings {
  /** Configured host names, each a storage location. */
  readonly hosts: readonly string[];
  readonly publicUrl: string | undefined;
  readonly tls: boolean;
  readonly port: number;
  readonly trustedProxies: readonly string[];
  /** Host that was listened on. */
  readonly listenHost: string;
}

/** The location of an installation that maps no host names. */
export const defaultLocation = "default";

/**
 * Tells under which of its own names a request reached the server. A Host header that is none of them changes
 * nothing: realms and key files then carry the first name.
 */
export class Names {
  readonly #settings: NameSettings;
  readonly #proxies = new BlockList();
  readonly #byHost = new Map<string, Pick<RequestContext, "location" | "origin" | "host">>();
  readonly #first: Pick<RequestContext, "location" | "origin" | "host">;
  /** The address that was listened on, as a URL. */
  readonly listened: string;

  constructor(settings: NameSettings) {
    this.#settings = settings;
    for (const range of settings.trustedProxies) this.#addProxy(range);
    const { hosts, publicUrl, port, listenHost } = settings;
    const scheme = publicUrl?.split(":", 1)[0] ?? (settings.tls ? "https" : "http");
    const first = hosts[0] ?? defaultLocation;
    for (const host of hosts) this.#add(host, `${scheme}://${host}`);
    if (publicUrl !== undefined) this.#add(first, publicUrl);
    this.listened = new URL(`${settings.tls ? "https" : "http"}://${bracketed(listenHost)}:${port}`).origin;
    this.#add(first, this.listened);
    for (const name of isLoopback(listenHost) ? ["localhost", "127.0.0.1", "[::1]"] : []) {
      this.#add(first, this.listened.replace(bracketed(listenHost), name));
    }
    this.#first = this.#byHost.values().next().value as never;
  }

  /** Every storage location of this server, the first being the default. */
  get locations(): readonly string[] {
    const { hosts } = this.#settings;
    return hosts.length > 0 ? hosts : [defaultLocation];
  }

  /** The origin for whoever asked under no name of ours. */
  get origin(): string {
    return this.#first.origin;
  }

  /** Whether a JWT with this audience is meant for us: any URL under one of our names; loopback under any port. */
  readonly isOurAudience = (audience: string): boolean => {
    if (!URL.canParse(audience)) return false;
    const { host, hostname, protocol } = new URL(audience);
    if (protocol !== "https:" && protocol !== "http:") return false;
    return this.#byHost.has(host) || (isLoopback(bare(hostname)) && isLoopback(this.#settings.listenHost));
  };

  /** @param peer the address at the other end of the connection, where it matters */
  contextOf(request: Request, peer: () => string | undefined): RequestContext {
    const name = this.#byHost.get(request.headers.get("host")?.toLowerCase() ?? "") ?? this.#first;
    return new Context(name, () => this.#isSecure(request, peer() ?? ""));
  }

  #isSecure(request: Request, peer: string): boolean {
    if (this.#settings.tls) return true;
    const family = isIPv6(peer) ? "ipv6" : "ipv4";
    if (peer !== "" && this.#proxies.check(peer, family)) return request.headers.get("x-forwarded-proto") === "https";
    return isLoopback(peer);
  }

  #add(location: string, origin: string): void {
    const { host } = new URL(origin);
    if (!this.#byHost.has(host)) this.#byHost.set(host, { location, origin: new URL(origin).origin, host });
  }

  #addProxy(range: string): void {
    const [address = "", bits] = range.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    this.#proxies.addSubnet(address, Number(bits ?? (family === "ipv6" ? 128 : 32)), family);
  }
}

/** The peer's address is asked for only where it matters: it costs a system call. */
class Context implements RequestContext {
  readonly location: string;
  readonly origin: string;
  readonly host: string;
  readonly #isSecure: () => boolean;

  constructor(name: Pick<RequestContext, "location" | "origin" | "host">, isSecure: () => boolean) {
    this.location = name.location;
    this.origin = name.origin;
    this.host = name.host;
    this.#isSecure = isSecure;
  }

  get secure(): boolean {
    return this.#isSecure();
  }
}

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}
