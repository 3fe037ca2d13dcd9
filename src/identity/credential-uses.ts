import { type CredentialUse, noteCredentialUses } from "../storage/metadata/credential-uses.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { Caller } from "./caller.ts";
import type { Credentials } from "./credentials.ts";

/** How a key was used: sent here itself as a password, or kept by its owner who signed for a token. */
export type CredentialWay = "key as password" | "token";

/** Uses that are remembered at once; with more the others are noted at their next use. */
const usesMax = 100_000;

/** A use that whoever comes again and again holds on to, so that noting it costs two writes to memory. */
export interface HeldUse {
  readonly key: string;
  readonly use: CredentialUse & { lastUsedAt: number };
}

/** When each account last came with which key, and how: remembered in memory, and written down now and then. */
export class CredentialUses {
  readonly #metadata: Pick<Metadata, "write">;
  readonly #now: () => number;
  #unwritten = new Map<string, CredentialUse>();

  constructor(metadata: Pick<Metadata, "write">, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  note(caller: Caller, credentials: Credentials): void {
    const held = this.hold(caller, credentials);
    if (held) this.again(held);
  }

  /** What `again` notes; undefined where there is nothing to note. */
  hold({ principal, keyId }: Caller, credentials: Credentials): HeldUse | undefined {
    if (principal.kind === "anonymous" || keyId === undefined) return undefined;
    const way = wayOf(credentials);
    const key = `${principal.id} ${keyId} ${way}`;
    return { key, use: { accountId: principal.id, keyId, way, lastUsedAt: 0 } };
  }

  again({ key, use }: HeldUse): void {
    use.lastUsedAt = this.#now();
    if (this.#unwritten.get(key) === use) return;
    if (this.#unwritten.size >= usesMax && !this.#unwritten.has(key)) return;
    this.#unwritten.set(key, use);
  }

  /** What a server that is killed had not written is lost: the next use says it again. */
  async write(): Promise<void> {
    if (this.#unwritten.size === 0) return;
    const uses = [...this.#unwritten.values()];
    this.#unwritten = new Map();
    await this.#metadata.write((write) => noteCredentialUses(write, uses));
  }
}

function wayOf(credentials: Credentials): CredentialWay {
  return credentials.kind === "basic" && credentials.username.startsWith("_json_key") ? "key as password" : "token";
}
