import type { StoredBlob } from "../../registry/blobs.ts";
import { algorithmOf, type Digest, digestOf } from "../../registry/digest.ts";
import type { Again } from "./remembered-answers.ts";

/** Blobs of up to so many bytes are kept in memory: opening a file for them and closing it costs more than all the rest. */
const heldBytesMax = 16 * 1024;

/**
 * A blob to be answered with again. A small one that is asked for again is read and hashed once, and then sent from memory; its
 * file is looked at each time all the same, as for any other.
 */
export function heldBlob(
  digest: Digest,
  size: number,
  atOnce: NonNullable<StoredBlob["atOnce"]>,
  headers: Headers,
): { bytes: number; again: Again } {
  const init = { headers };
  const isSmall = size <= heldBytesMax;
  let held: Uint8Array<ArrayBuffer> | undefined;
  let asked = false;
  const hold = async () => {
    const bytes = await atOnce.read().bytes();
    // What does not match is left to the scrub, and answered as before.
    if (digestOf(bytes, algorithmOf(digest)) === digest) held = bytes;
  };
  const again: Again = (request) => {
    if (!atOnce.isWhole() || request.headers.has("range")) return undefined;
    if (request.method === "HEAD") return new Response(null, init);
    if (held) return new Response(held, init);
    if (isSmall && !asked) {
      asked = true;
      void hold().catch(() => {});
    }
    return new Response(atOnce.read(), init);
  };
  return { bytes: isSmall ? size : 0, again };
}
