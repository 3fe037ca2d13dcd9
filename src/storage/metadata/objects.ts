import type { Reader } from "./schema.ts";

/** Objects with their blobs in the order of keys, those after `after` only. */
export async function listObjects(read: Reader, after: string, limit: number) {
  return await read
    .selectFrom("objects")
    .innerJoin("blobs", "blobs.object_key", "objects.key")
    .select(["objects.key", "blobs.digest", "objects.size", "blobs.quarantined_at as quarantinedAt"])
    .where("objects.key", ">", after)
    // Said of both sides: PostgreSQL joins by merging, and would read the other one from its beginning.
    .where("blobs.object_key", ">", after)
    .orderBy("objects.key")
    .limit(limit)
    .execute();
}

/** Those of `keys` that hold a blob. */
export async function knownObjects(read: Reader, keys: readonly string[]): Promise<Set<string>> {
  const known = new Set<string>();
  const pageSize = 200;
  for (let start = 0; start < keys.length; start += pageSize) {
    const page = keys.slice(start, start + pageSize);
    const found = await read.selectFrom("objects").select("key").where("key", "in", page).execute();
    for (const { key } of found) known.add(key);
  }
  return known;
}
