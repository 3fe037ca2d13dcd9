import type { DigestAlgorithm } from "./digest.ts";
import type { HashAnswer, HashRequest } from "./hash-worker.ts";

/** One hash that grows on the other thread. */
export interface ThreadHash {
  /** Takes the pieces and the memory they lie in, which is empty afterwards. Resolves when more may come. */
  update(pieces: readonly Uint8Array[]): Promise<void>;
  /** Hex digits; undefined where the thread failed. */
  finish(): Promise<string | undefined>;
  forget(): void;
}

/** Bytes of one hash that may wait for the thread: enough to keep it busy, little enough for many uploads. */
const waitingBytesMax = 1024 * 1024;
/** With more than this of all hashes together waiting, each waits for its own to be taken: the memory is not theirs alone. */
const waitingInAllBytesMax = 8 * 1024 * 1024;

/** From source the worker lies beside this file; in the compiled program this file is part of one at the root. */
const workerPath = import.meta.url.endsWith(".ts") ? "./hash-worker.ts" : "./registry/hash-worker.js";

let thread: HashThread | undefined;

/** Begins a hash on the thread that all share; it is started by the first. */
export function beginOnThread(algorithm: DigestAlgorithm): ThreadHash {
  if (!thread || thread.failed) thread = new HashThread();
  return thread.begin(algorithm);
}

/** A thread that only hashes: 60 ms for 100 MB, in which the event loop answers others. */
class HashThread {
  readonly #worker = new Worker(new URL(workerPath, import.meta.url).href, { smol: true });
  readonly #hashes = new Map<number, Hash>();
  #count = 0;
  failed = false;

  constructor() {
    this.#worker.onmessage = ({ data }: MessageEvent<HashAnswer>) => this.#hashes.get(data.id)?.hear(data);
    this.#worker.onerror = () => this.#fail();
    // It keeps no program alive that has nothing else to do.
    this.#worker.unref();
  }

  begin(algorithm: DigestAlgorithm): ThreadHash {
    const id = ++this.#count;
    const hash = new Hash(
      id,
      (request, transfer = []) => this.#worker.postMessage(request, transfer),
      () => this.#hashes.delete(id),
    );
    this.#hashes.set(id, hash);
    hash.begin(algorithm);
    return hash;
  }

  /** Whoever waits is told that there is no answer: the bytes are in the store and are read from there. */
  #fail(): void {
    this.failed = true;
    for (const hash of this.#hashes.values()) hash.fail();
  }
}

type Post = (request: HashRequest, transfer?: ArrayBuffer[]) => void;

class Hash implements ThreadHash {
  static #waitingInAllBytes = 0;
  readonly #id: number;
  readonly #post: Post;
  readonly #ended: () => void;
  #waiting = 0;
  #failed = false;
  #wake: (() => void) | undefined;
  #finished: ((hex: string | undefined) => void) | undefined;

  constructor(id: number, post: Post, ended: () => void) {
    this.#id = id;
    this.#post = post;
    this.#ended = ended;
  }

  begin(algorithm: DigestAlgorithm): void {
    this.#post({ kind: "begin", id: this.#id, algorithm });
  }

  async update(pieces: readonly Uint8Array[]): Promise<void> {
    if (this.#failed) return;
    for (const { byteLength } of pieces) this.#count(byteLength);
    const own = pieces.map(withOwnMemory);
    const memory = own.map(({ buffer }) => buffer as ArrayBuffer);
    this.#post({ kind: "update", id: this.#id, pieces: own }, memory);
    while (this.#waiting > Hash.#bytesMax() && !this.#failed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async finish(): Promise<string | undefined> {
    if (this.#failed) return undefined;
    return await new Promise((resolve) => {
      this.#finished = resolve;
      this.#post({ kind: "finish", id: this.#id });
    });
  }

  forget(): void {
    if (!this.#failed) this.#post({ kind: "forget", id: this.#id });
    // Whoever still waits for it waits no longer.
    this.fail();
  }

  hear(answer: HashAnswer): void {
    if (answer.kind === "taken") {
      this.#count(-answer.bytes);
      this.#wake?.();
      return;
    }
    this.#ended();
    this.#finished?.(answer.hex);
  }

  static #bytesMax(): number {
    return Hash.#waitingInAllBytes > waitingInAllBytesMax ? 0 : waitingBytesMax;
  }

  #count(bytes: number): void {
    this.#waiting += bytes;
    Hash.#waitingInAllBytes += bytes;
  }

  fail(): void {
    this.#failed = true;
    this.#ended();
    this.#count(-this.#waiting);
    this.#wake?.();
    this.#finished?.(undefined);
  }
}

/** A part of a larger piece of memory must not take the rest along. */
function withOwnMemory(piece: Uint8Array): Uint8Array {
  return piece.byteLength === piece.buffer.byteLength ? piece : piece.slice();
}
