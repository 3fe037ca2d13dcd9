import type { AuditEvent, Whence, Who } from "./event.ts";

/** A blob that is in a repository from now on. */
export interface BlobPush {
  readonly repository: string;
  readonly digest: string;
  /** The repository that it was mounted from; undefined where its bytes were sent. */
  readonly mountedFrom?: string | undefined;
  readonly who: Who;
  readonly from: Whence;
  readonly projectId?: string | undefined;
}

type Gathered = Omit<BlobPush, "digest"> & { readonly digests: Set<string> };

/** An entry is to stay readable. */
const digestsMax = 100;

/** An image is a dozen blobs at the same time: what one sender puts into one repository meanwhile is one entry. */
export class BlobPushes {
  readonly #gathered = new Map<string, Gathered>();
  #digests = 0;

  /** Blobs that wait. */
  get waiting(): number {
    return this.#digests;
  }

  /** The entry that is full by this one, where there is one. */
  add({ digest, ...push }: BlobPush): AuditEvent | undefined {
    const { repository, mountedFrom = "", who, from } = push;
    const key = JSON.stringify([who.id, who.key, who.credential, from.address, from.agent, repository, mountedFrom]);
    const known = this.#gathered.get(key);
    const gathered = known ?? { ...push, digests: new Set<string>() };
    if (!known) this.#gathered.set(key, gathered);
    if (gathered.digests.has(digest)) return undefined;
    gathered.digests.add(digest);
    this.#digests++;
    if (gathered.digests.size < digestsMax) return undefined;
    this.#gathered.delete(key);
    this.#digests -= digestsMax;
    return eventOf(gathered);
  }

  /** What was gathered since the last time. */
  take(): AuditEvent[] {
    const events = [...this.#gathered.values()].map(eventOf);
    this.#gathered.clear();
    this.#digests = 0;
    return events;
  }
}

function eventOf({ digests, mountedFrom, ...push }: Gathered): AuditEvent {
  return { kind: "blob.pushed", ...push, digests: [...digests], ...(mountedFrom !== undefined && { mountedFrom }) };
}
