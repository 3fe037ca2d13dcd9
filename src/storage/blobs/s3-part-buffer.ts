import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ByteBudget } from "./byte-budget.ts";

/** Held in memory for all uploads of this process together; what is more waits on the disk. */
const memory = new ByteBudget(64 * 1024 * 1024);
const firstBytes = 64 * 1024;

/**
 * Bytes that wait until there are enough for a part: in memory while there is room, otherwise in a temporary file without a
 * name. Many slow clients, each with half a part, must not fill the memory.
 */
export class S3PartBuffer {
  #held = new Uint8Array(0);
  #file: FileHandle | undefined;
  #size = 0;

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** Takes a copy. @param bytesMax what the buffer may grow to */
  async add(bytes: Uint8Array, bytesMax: number): Promise<void> {
    const wanted = this.#size + bytes.byteLength;
    if (!this.#file && wanted > this.#held.byteLength && !this.#grow(wanted, bytesMax)) await this.#moveToFile();
    if (this.#file) await writeAll(this.#file, bytes, this.#size);
    else this.#held.set(bytes, this.#size);
    this.#size = wanted;
  }

  /** Everything, for a while, in memory that is gone afterwards; the buffer is empty then, whether the work succeeded or not. */
  async drain<T>(work: (bytes: Uint8Array<ArrayBuffer>) => Promise<T>): Promise<T> {
    let bytes = this.#held.subarray(0, this.#size);
    try {
      if (this.#file) bytes = await readAll(this.#file, this.#size);
      return await work(bytes);
    } finally {
      await this.drop();
      // Not at the next collection: with many uploads that would be too late.
      bytes.buffer.transfer(0);
    }
  }

  /** Forgets everything. */
  async drop(): Promise<void> {
    if (!this.#file) memory.giveBack(this.#held.byteLength);
    this.#held = new Uint8Array(0);
    this.#size = 0;
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #grow(wanted: number, bytesMax: number): boolean {
    const next = Math.min(bytesMax, Math.max(firstBytes, wanted, this.#held.byteLength * 4));
    if (!memory.tryTake(next - this.#held.byteLength)) return false;
    const grown = new Uint8Array(next);
    grown.set(this.#held.subarray(0, this.#size));
    this.#held = grown;
    return true;
  }

  async #moveToFile(): Promise<void> {
    const path = join(tmpdir(), `waybill-part-${crypto.randomUUID()}`);
    this.#file = await open(path, "wx+", 0o600);
    // Whatever happens to this process, the system frees it.
    await rm(path);
    await writeAll(this.#file, this.#held.subarray(0, this.#size), 0);
    memory.giveBack(this.#held.byteLength);
    this.#held = new Uint8Array(0);
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.byteLength; ) {
    at += (await file.write(bytes, at, bytes.byteLength - at, position + at)).bytesWritten;
  }
}

async function readAll(file: FileHandle, size: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(bytes, at, size - at, at);
    if (bytesRead === 0) throw new Error("a temporary file lost what was written to it");
    at += bytesRead;
  }
  return bytes;
}
