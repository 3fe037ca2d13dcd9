import type { BlobStore } from "../storage/blobs/blob-store.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import {
  listBlobRepositories,
  listUnverified,
  markVerified,
  quarantineBlob,
  type ScrubbedBlob,
} from "../storage/metadata/scrub.ts";
import { examineObject } from "./examine.ts";
import { repositoryPath } from "./repository.ts";

export interface ScrubSettings {
  /** Every blob is read again within so long. */
  readonly periodMilliseconds: number;
  /** How fast it may read, so that the disk is there for those who pull. */
  readonly bytesPerSecondMax: number;
}

/** A blob whose bytes are not what its digest says. */
export interface Damage {
  readonly digest: string;
  /** What is wrong. */
  readonly reason: string;
  /** Some of the repositories that have it, as LOCATION/PATH. */
  readonly repositories: readonly string[];
}

const blobsPerPage = 20;
const repositoriesMax = 10;

/** Reads what was stored long ago again, and refuses what is no longer what was pushed. */
export class Scrub {
  readonly #metadata: Metadata;
  readonly #store: Pick<BlobStore, "stat" | "read">;
  readonly #now: () => number;
  readonly #sleep: (milliseconds: number) => Promise<void>;

  /** @param sleep how the speed is kept down; a test need not wait */
  constructor(
    metadata: Metadata,
    store: Pick<BlobStore, "stat" | "read">,
    now: () => number,
    sleep: (milliseconds: number) => Promise<void> = Bun.sleep,
  ) {
    this.#metadata = metadata;
    this.#store = store;
    this.#now = now;
    this.#sleep = sleep;
  }

  /** Examines what is due, and answers what was found damaged. It ends early when `signal` says so. */
  async run({ periodMilliseconds, bytesPerSecondMax }: ScrubSettings, signal?: AbortSignal): Promise<Damage[]> {
    const damages: Damage[] = [];
    const begun = this.#now();
    for (;;) {
      const blobs = await listUnverified(this.#metadata.read, begun - periodMilliseconds, blobsPerPage);
      for (const blob of blobs) {
        if (signal?.aborted) return damages;
        const damage = await this.examine(blob, (count) => this.#sleep((count / bytesPerSecondMax) * 1000));
        if (damage) damages.push(damage);
        else await this.#metadata.write((write) => markVerified(write, [blob], this.#now()));
      }
      if (blobs.length < blobsPerPage) return damages;
    }
  }

  /** Examines one blob, and quarantines it where it is damaged: refused until it is pushed again. */
  async examine(blob: ScrubbedBlob, onBytes?: (count: number) => Promise<void>): Promise<Damage | undefined> {
    const reason = await examineObject(this.#store, blob, onBytes);
    return reason === undefined ? undefined : await this.quarantine(blob.digest, blob.objectKey, reason);
  }

  /** Undefined where the blob is gone or was replaced meanwhile. */
  async quarantine(digest: string, objectKey: string, reason: string): Promise<Damage | undefined> {
    const found = await this.#metadata.write((write) => quarantineBlob(write, digest, objectKey, this.#now()));
    if (!found) return undefined;
    const rows = await listBlobRepositories(this.#metadata.read, digest, repositoriesMax);
    const repositories = rows.map(({ location, project, image }) => `${location}/${repositoryPath(project, image)}`);
    return { digest, reason, repositories };
  }
}
