import type { Move } from "./move.ts";

/** Uploads that were under way. */
export interface MovedUploads {
  /** They go on at the other place where they were. */
  readonly uploads: number;
  /** They end: a bucket's parts can be finished there only. */
  readonly uploadsEnded: number;
}

/**
 * Brings over the bytes of uploads that are under way, so that whoever began one goes on with it at the other place.
 * What is there already is not copied again: an upload's bytes only ever grow.
 */
export async function copyUploads({ source, target, sameStore }: Move): Promise<MovedUploads> {
  const rows = await source.tables.run("select object_key, size from uploads");
  if (sameStore) return { uploads: rows.length, uploadsEnded: 0 };
  const isReadable = source.store.readsUnfinished;
  let uploads = 0;
  for (const { object_key, size } of rows) {
    const [key, wanted] = [String(object_key), Number(size)];
    if (wanted > 0 && !isReadable) continue;
    uploads++;
    const there = await target.store.resumeAt(key, wanted);
    if (there === wanted && wanted > 0) continue;
    const writer = await target.store.append(key, there);
    try {
      if (wanted > there) {
        for await (const bytes of (await source.store.read(key, there, wanted)).stream()) await writer.write([bytes]);
      }
    } finally {
      await writer.close();
    }
  }
  return { uploads, uploadsEnded: rows.length - uploads };
}
