/** The other side of hash-thread.ts: hashes what it is sent, on a thread of its own. */
import type { DigestAlgorithm } from "./digest.ts";

export type HashRequest =
  | { readonly kind: "begin"; readonly id: number; readonly algorithm: DigestAlgorithm }
  | { readonly kind: "update"; readonly id: number; readonly pieces: readonly Uint8Array[] }
  | { readonly kind: "finish"; readonly id: number }
  | { readonly kind: "forget"; readonly id: number };

export type HashAnswer =
  | { readonly kind: "taken"; readonly id: number; readonly bytes: number }
  | { readonly kind: "finished"; readonly id: number; readonly hex: string | undefined };

declare const self: Worker;

const running = new Map<number, Bun.CryptoHasher>();

self.onmessage = ({ data }: MessageEvent<HashRequest>) => {
  const hash = running.get(data.id);
  switch (data.kind) {
    case "begin":
      running.set(data.id, new Bun.CryptoHasher(data.algorithm));
      break;
    case "update":
      if (hash) update(data.id, hash, data.pieces);
      break;
    case "finish":
      running.delete(data.id);
      answer({ kind: "finished", id: data.id, hex: hash?.digest("hex") });
      break;
    case "forget":
      running.delete(data.id);
      break;
  }
};

function update(id: number, hash: Bun.CryptoHasher, pieces: readonly Uint8Array[]): void {
  let bytes = 0;
  for (const piece of pieces) {
    bytes += piece.byteLength;
    hash.update(piece);
    // Given back at once: at the next collection would be too late for many uploads.
    (piece.buffer as ArrayBuffer).transfer(0);
  }
  answer({ kind: "taken", id, bytes });
}

function answer(message: HashAnswer): void {
  self.postMessage(message);
}
