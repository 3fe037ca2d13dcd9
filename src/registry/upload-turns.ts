import { type BlobStore, newObjectKey } from "../storage/blobs/blob-store.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { removeObjectLater } from "../storage/metadata/removed-objects.ts";
import {
  beatUploadTurn,
  endUploadTurn,
  findUploadTurn,
  moveUpload,
  takeUploadTurn,
} from "../storage/metadata/upload-turns.ts";
import { findUpload } from "../storage/metadata/uploads.ts";

const beatMilliseconds = 1000;
/** Who was not heard of for so long is gone, or stands still. */
const silenceMilliseconds = 5000;
const lookMilliseconds = 100;

/**
 * Lets one request at a time write an upload, of all nodes. Whoever holds the turn says so again and again; how long ago that
 * was is measured by whoever waits, on a clock of its own, so that no two clocks need agree.
 *
 * Who does not say so any more loses the turn. It may be gone, or may stand still in the middle of a write: so what it had
 * is copied into another object first, where the store would take what it writes when it wakes up.
 */
export class UploadTurns {
  readonly #metadata: Metadata;
  readonly #store: BlobStore;
  readonly #now: () => number;
  readonly #busy = new Map<string, Promise<unknown>>();

  constructor(metadata: Metadata, store: BlobStore, now: () => number) {
    this.#metadata = metadata;
    this.#store = store;
    this.#now = now;
  }

  /** Runs `work` while nobody else writes, here or on another node. @param work is given the turn, to be named by whatever it changes */
  hold<T>(id: string, work: (turn: string) => Promise<T>): Promise<T> {
    return this.queued(id, () => this.#hold(id, work));
  }

  /** Runs `work` while no request of this node writes. */
  async queued<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(id);
    const turn = (before ?? Promise.resolve()).catch(() => {}).then(work);
    this.#busy.set(id, turn);
    try {
      return await turn;
    } finally {
      if (this.#busy.get(id) === turn) this.#busy.delete(id);
    }
  }

  async #hold<T>(id: string, work: (turn: string) => Promise<T>): Promise<T> {
    // Where no other process is, requests wait for each other in memory.
    if (!this.#metadata.isShared) return await work("");
    const turn = newObjectKey();
    await this.#take(id, turn);
    const beating = setInterval(() => {
      this.#metadata.note((write) => beatUploadTurn(write, id, turn)).catch(() => {});
    }, beatMilliseconds);
    try {
      return await work(turn);
    } finally {
      clearInterval(beating);
      // Where the database is gone the next one waits for the silence.
      await this.#metadata.note((write) => endUploadTurn(write, id, turn)).catch(() => {});
    }
  }

  async #take(id: string, turn: string): Promise<void> {
    if (await this.#metadata.note((write) => takeUploadTurn(write, id, turn, ""))) return;
    let [holder, heardAt] = ["", performance.now()];
    for (;;) {
      const row = await findUploadTurn(this.#metadata.read, id);
      if (!row) return; // It is over; whoever works on it finds that out.
      const sign = `${row.turn} ${row.beat}`;
      if (sign !== holder) [holder, heardAt] = [sign, performance.now()];
      const isSilent = row.turn !== "" && performance.now() - heardAt > silenceMilliseconds;
      if (row.turn === "" || isSilent) {
        if (await this.#metadata.note((write) => takeUploadTurn(write, id, turn, row.turn))) {
          if (isSilent) await this.#leaveBehind(id, turn);
          return;
        }
      }
      await Bun.sleep(lookMilliseconds);
    }
  }

  /** What was recorded is copied: the one before may go on writing where it was. */
  async #leaveBehind(id: string, turn: string): Promise<void> {
    const upload = await findUpload(this.#metadata.read, id);
    if (!upload || !this.#store.readsUnfinished) return;
    const objectKey = newObjectKey();
    const size = await this.#store.resumeAt(upload.objectKey, upload.size);
    const writer = await this.#store.append(objectKey, 0);
    if (size > 0) {
      const bytes = await this.#store.read(upload.objectKey, 0, size);
      for await (const piece of bytes.stream()) await writer.write([piece]);
    }
    await writer.close();
    await this.#metadata.write(async (write) => {
      if (!(await moveUpload(write, id, turn, objectKey))) return;
      await removeObjectLater(write, { key: upload.objectKey, size }, this.#now());
    });
  }
}
