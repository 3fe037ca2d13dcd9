import { BlockList, isIP, isIPv6 } from "node:net";
import { productsOf } from "../audit/user-agent.ts";
import { isLoopback } from "../config/listen-address.ts";
import { thumbprintOf } from "./client-certificate.ts";
import type { Connection } from "./connection.ts";

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
  /** Who sent it, as far as the connection and trusted proxies tell: an IP address, or empty. */
  readonly address: string;
  /** The SHA-256 thumbprint of the certificate that the client proved to have, as a trusted proxy says; or empty. */
  readonly certificate: string;
  /** The client's products and versions, as far as its User-Agent names any; see productsOf. */
  readonly agent: string;
  /** The name of the request, for the log; the client sees it in `x-request-id`. */
  readonly requestId: string | undefined;
  /** The client is sending: cut the connection when nothing comes for a while. @param bytes that came since the last call */
  expectMovement(bytes?: number): void;
  /** The client is waiting for us, for as long as it takes. */
  waitForUs(): void;
}

type Name = Pick<RequestContext, "location" | "origin" | "host">;

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
  /** How long a client may send nothing in the middle of a body, in seconds. */
  readonly stallSeconds: number;
  /** Whether the trusted proxies say with which certificate a client came, and take out what a client says itself. */
  readonly clientCertificates?: boolean;
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
  readonly #byHost = new Map<string, Name>();
  readonly #first: Name;
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

  contextOf(request: Request, connection: Connection): RequestContext {
    return new Context(request, connection, this);
  }

  /** The name under which a request came; the first for one that is none of ours. */
  nameOf({ headers }: Request): Name {
    return this.#byHost.get(headers.get("host")?.toLowerCase() ?? "") ?? this.#first;
  }

  /** The location of every request, where there is one only. */
  get onlyLocation(): string | undefined {
    return this.#settings.hosts.length > 1 ? undefined : this.#first.location;
  }

  /** Whether a request that came from this peer was sent in private. */
  isPrivate(request: Request, peer: string): boolean {
    if (this.#settings.tls) return true;
    if (this.#isProxy(peer)) return request.headers.get("x-forwarded-proto") === "https";
    return isLoopback(peer);
  }

  /** The last address that a trusted proxy vouches for; what a client writes itself stands further to the left. */
  senderOf(request: Request, peer: string): string {
    if (!this.#isProxy(peer)) return peer;
    const forwarded =
      request.headers
        .get("x-forwarded-for")
        ?.split(",")
        .map((each) => each.trim()) ?? [];
    return forwarded.findLast((address) => isIP(address) !== 0 && !this.#isProxy(address)) ?? peer;
  }

  /** What a trusted proxy says of the client's certificate (RFC 9440). Anybody else would only have to write the header. */
  certificateOf(request: Request, peer: string): string {
    if (!this.#settings.clientCertificates || !this.#isProxy(peer)) return "";
    return thumbprintOf(request.headers.get("client-cert"));
  }

  /** How long a client may send nothing in the middle of a body, in seconds. */
  get stallSeconds(): number {
    return this.#settings.stallSeconds;
  }

  #isProxy(address: string): boolean {
    if (this.#settings.trustedProxies.length === 0) return false;
    return isIP(address) !== 0 && this.#proxies.check(address, isIPv6(address) ? "ipv6" : "ipv4");
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

/** What costs something is looked up when somebody asks: the peer's address is a system call, a header is copied. */
class Context implements RequestContext {
  #known: Name | undefined;
  readonly #request: Request;
  readonly #connection: Connection;
  readonly #names: Names;

  constructor(request: Request, connection: Connection, names: Names) {
    this.#request = request;
    this.#connection = connection;
    this.#names = names;
  }

  get location(): string {
    return this.#names.onlyLocation ?? this.#name.location;
  }

  get origin(): string {
    return this.#name.origin;
  }

  get host(): string {
    return this.#name.host;
  }

  get secure(): boolean {
    return this.#names.isPrivate(this.#request, this.#connection.peer() ?? "");
  }

  get address(): string {
    return this.#names.senderOf(this.#request, this.#connection.peer() ?? "");
  }

  get certificate(): string {
    return this.#names.certificateOf(this.#request, this.#connection.peer() ?? "");
  }

  get agent(): string {
    return productsOf(this.#request.headers.get("user-agent"));
  }

  get requestId(): string | undefined {
    return this.#connection.requestId;
  }

  expectMovement(bytes = 0): void {
    if (bytes > 0) this.#connection.received?.(bytes);
    this.#connection.setPatience(this.#names.stallSeconds);
  }

  waitForUs(): void {
    this.#connection.setPatience(0);
  }

  get #name() {
    this.#known ??= this.#names.nameOf(this.#request);
    return this.#known;
  }
}

function bracketed(host: string): string {
  return isIPv6(host) ? `[${host}]` : host;
}

function bare(hostname: string): string {
  return hostname.replace(/^\[(.*)\]$/, "$1");
}
