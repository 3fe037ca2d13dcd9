import { type CredentialUse, noteCredentialUses } from "../storage/metadata/credential-uses.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { Caller } from "./caller.ts";
import type { Credentials } from "./credentials.ts";

/** How a key was used: sent here itself as a password, or kept by its owner who signed for a token. */
export type CredentialWay = "key as password" | "token";

/** Uses that are remembered at once; with more the others are noted at their next use. */
const usesMax = 100_000;

/** When each account last came with which key, and how: remembered in memory, and written down now and then. */
export class CredentialUses {
  readonly #metadata: Pick<Metadata, "write">;
  readonly #now: () => number;
  #unwritten = new Map<string, CredentialUse>();

  constructor(metadata: Pick<Metadata, "write">, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  note({ principal, keyId }: Caller, credentials: Credentials): void {
    if (principal.kind === "anonymous" || keyId === undefined) return;
    const way = wayOf(credentials);
    const key = `${principal.id} ${keyId} ${way}`;
    if (this.#unwritten.size >= usesMax && !this.#unwritten.has(key)) return;
    this.#unwritten.set(key, { accountId: principal.id, keyId, way, lastUsedAt: this.#now() });
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
