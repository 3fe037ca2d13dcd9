// Who may ask at all. A metadata server has no passwords: what protects it is that only its network reaches it, and that
// nothing but a program that means it can ask, neither a web page nor a proxy that somebody talked into fetching a URL.
import type { ListenAddress } from "./listen-address.ts";
import { hostOf } from "./listen-address.ts";

/** Why a request is turned away; the text is for whoever reads the answer. */
export type TurnedAway = { readonly status: 400 | 403 | 405; readonly reason: string };

/** The names that a metadata server has everywhere. */
const commonNames = ["metadata.google.internal", "metadata.google.internal.", "metadata", "169.254.169.254"];
const pathCharactersMax = 4096;
/** What a proxy adds, and a program on this network has no reason to. */
const proxyHeaders = ["x-forwarded-for", "x-forwarded-host", "x-real-ip", "forwarded", "via"];

/** Checks requests before anything is looked up. */
export class Door {
  readonly #hosts: ReadonlySet<string>;

  /** @param names other host names by which workloads reach it */
  constructor(listeners: readonly ListenAddress[], names: readonly string[]) {
    const hosts = listeners.flatMap(({ address, port }) => {
      const own = hostOf({ address, port }).slice(0, -String(port).length - 1);
      return [own, ...commonNames, ...names].flatMap((name) => [name, `${name}:${port}`]);
    });
    this.#hosts = new Set(hosts.map((host) => host.toLowerCase()));
  }

  /** Undefined where the request may come in. */
  refuse({ method, url, headers }: Pick<Request, "method" | "url" | "headers">): TurnedAway | undefined {
    const host = headers.get("host")?.toLowerCase() ?? "";
    const parsed = URL.parse(url);
    // A page whose own name was pointed at this address (DNS rebinding) says that name.
    if (!parsed || !this.#hosts.has(host) || !this.#hosts.has(parsed.host))
      return { status: 403, reason: "this is not the name of a metadata server" };
    const forwarded = proxyHeaders.find((name) => headers.has(name));
    if (forwarded !== undefined) return { status: 403, reason: `a request with ${forwarded} came through a proxy` };
    if (method !== "GET" && method !== "HEAD") return { status: 405, reason: "a metadata server is only read" };
    if (url.length > pathCharactersMax) return { status: 400, reason: "the address is too long" };
    // Google's libraries look at the front page without it, to find out what is there.
    const isFrontPage = parsed.pathname === "/";
    if (headers.get("metadata-flavor") !== "Google" && !isFrontPage)
      return { status: 403, reason: "the header Metadata-Flavor: Google is missing" };
    return undefined;
  }
}
