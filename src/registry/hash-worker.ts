/** The other side of hash-thread.ts: hashes what it is sent, on a thread of its own. */
import type { DigestAlgorithm } from "./digest.ts";

export type HashRequest =
  | { readonly kind: "begin"; readonly id: number; readonly algorithm: DigestAlgorithm }
  | { readonly kind: "update"; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: "finish"; readonly id: number }
  | { readonly kind: "forget"; readonly id: number };

export type HashAnswer =
  | { readonly kind: "taken"; readonly id: number; readonly bytes: number }
  | { readonly kind: "finished"; readonly id: number; readonly hex: string | undefined };

declare const self: Worker;

/** So many bytes are acknowledged at once. */
const acknowledgedBytes = 256 * 1024;

interface Running {
  readonly hasher: Bun.CryptoHasher;
  /** Bytes taken and not acknowledged yet. */
  taken: number;
}

const running = new Map<number, Running>();

self.onmessage = ({ data }: MessageEvent<HashRequest>) => {
  const hash = running.get(data.id);
  switch (data.kind) {
    case "begin":
      running.set(data.id, { hasher: new Bun.CryptoHasher(data.algorithm), taken: 0 });
      break;
    case "update":
      if (hash) update(data.id, hash, data.bytes);
      break;
    case "finish":
      running.delete(data.id);
      answer({ kind: "finished", id: data.id, hex: hash?.hasher.digest("hex") });
      break;
    case "forget":
      running.delete(data.id);
      break;
  }
};

function update(id: number, hash: Running, bytes: Uint8Array): void {
  hash.hasher.update(bytes);
  hash.taken += bytes.byteLength;
  if (hash.taken < acknowledgedBytes) return;
  answer({ kind: "taken", id, bytes: hash.taken });
  hash.taken = 0;
}

function answer(message: HashAnswer): void {
  self.postMessage(message);
}
