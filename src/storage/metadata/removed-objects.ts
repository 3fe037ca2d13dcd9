import type { Reader, Writer } from "./schema.ts";

/** An object whose row is gone and whose bytes are to follow. */
export interface RemovedObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
}

/** Has an object's bytes removed some time after `now`. To be called with the change that takes the last row of it. */
export async function removeObjectLater(write: Writer, { key, size }: RemovedObject, now: number): Promise<void> {
  await write
    .insertInto("removed_objects")
    .values({ key, size, since: now, leased_until: 0 })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
}

/** Takes objects whose rows went at `removedBefore` or earlier; nobody else is given them until `lease.until`. */
export async function leaseRemovedObjects(
  write: Writer,
  removedBefore: number,
  lease: { readonly now: number; readonly until: number },
  limit: number,
): Promise<RemovedObject[]> {
  const objects = await write
    .selectFrom("removed_objects")
    .select(["key", "size"])
    .where("since", "<=", removedBefore)
    .where("leased_until", "<=", lease.now)
    .orderBy("since")
    .orderBy("key")
    .limit(limit)
    .execute();
  const keys = objects.map(({ key }) => key);
  if (keys.length > 0) {
    await write.updateTable("removed_objects").set({ leased_until: lease.until }).where("key", "in", keys).execute();
  }
  return objects;
}

/** The bytes are gone. */
export async function forgetRemovedObjects(write: Writer, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await write.deleteFrom("removed_objects").where("key", "in", keys).execute();
}

/** How many objects wait for the removal of their bytes, and how many bytes those are. */
export async function countRemovedObjects(read: Reader): Promise<{ objects: number; bytes: number }> {
  const { objects, bytes } = await read
    .selectFrom("removed_objects")
    .select((row) => [row.fn.countAll<number>().as("objects"), row.fn.sum<number | null>("size").as("bytes")])
    .executeTakeFirstOrThrow();
  return { objects: Number(objects), bytes: Number(bytes ?? 0) };
}

/** Those of `keys` that no blob, no upload and no waiting removal knows. */
export async function unknownObjects(read: Reader, keys: readonly string[]): Promise<string[]> {
  const unknown = new Set(keys);
  const pageSize = 200;
  for (let start = 0; start < keys.length; start += pageSize) {
    const page = keys.slice(start, start + pageSize);
    // One statement: an upload that is committed meanwhile is found on either side.
    const found = await read
      .selectFrom("objects")
      .select("key")
      .where("key", "in", page)
      .unionAll(read.selectFrom("uploads").select("object_key as key").where("object_key", "in", page))
      .unionAll(read.selectFrom("removed_objects").select("key").where("key", "in", page))
      .execute();
    for (const { key } of found) unknown.delete(key);
  }
  return [...unknown];
}
