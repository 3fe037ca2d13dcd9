import { isIPv4, isIPv6 } from "node:net";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { noteSeenPlace } from "../storage/metadata/seen-places.ts";
import type { Caller } from "./caller.ts";
import { principalKey } from "./principal.ts";

/** As long as the audit log is kept by default. */
const rememberMilliseconds = 400 * 24 * 3600 * 1000;
const knownMax = 100_000;

/** A credential that somebody showed. */
type Used = Pick<Caller, "principal" | "keyId" | "lineage">;

/** From which networks each credential was used before: one that is new is worth a look. */
export class Places {
  readonly #metadata: Pick<Metadata, "write">;
  readonly #now: () => number;
  readonly #known = new Set<string>();
  /** The authenticator gives the same object while nothing changes: most requests end here. */
  readonly #recent = new WeakMap<Used, string>();

  constructor(metadata: Pick<Metadata, "write">, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  /** Whether this very caller was here just now, from the same address. */
  knows(caller: Used, address: string): boolean {
    return caller.principal.kind === "anonymous" || this.#recent.get(caller) === address;
  }

  /** The network, where this credential was never used from it; else undefined. @param address an IP address, or empty */
  async firstUse(caller: Used, address: string): Promise<string | undefined> {
    if (this.knows(caller, address)) return undefined;
    this.#recent.set(caller, address);
    const network = networkOf(address);
    if (network === undefined) return undefined;
    const place = { principal: principalKey(caller.principal), credential: credentialOf(caller), network };
    const key = `${place.principal} ${place.credential} ${network}`;
    if (this.#known.has(key)) return undefined;
    const now = this.#now();
    const isNew = await this.#metadata.write((write) => noteSeenPlace(write, place, now, now - rememberMilliseconds));
    if (this.#known.size >= knownMax) this.#known.clear();
    this.#known.add(key);
    return isNew ? network : undefined;
  }
}

/** What was at the beginning of the credential: tokens come and go. */
function credentialOf({ lineage = {}, keyId }: Used): string {
  const { login, workload, actors = [] } = lineage;
  const [first] = actors;
  return first
    ? (first.key ?? first.login ?? first.workload?.provider ?? first.sub)
    : (keyId ?? login ?? workload?.provider ?? "");
}

/** The /24 or /48 that an address lies in: a provider hands out others of the same to the same customer. */
function networkOf(address: string): string | undefined {
  const plain = address.replace(/^::ffff:(?=[0-9.]+$)/i, "");
  if (isIPv4(plain)) return plain.replace(/\.[0-9]+$/, ".0/24");
  if (!isIPv6(plain)) return undefined;
  const [head = "", tail] = plain.replace(/%.*$/, "").split("::");
  const parts = head === "" ? [] : head.split(":");
  const rest = tail ? tail.split(":") : [];
  const all = tail === undefined ? parts : [...parts, ...Array(8 - parts.length - rest.length).fill("0"), ...rest];
  return `${all
    .slice(0, 3)
    .map((part) => Number.parseInt(part, 16).toString(16))
    .join(":")}::/48`;
}
