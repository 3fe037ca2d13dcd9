import type { Move } from "./move.ts";

/**
 * Brings over the bytes of uploads that are under way, so that whoever began one goes on with it at the other place.
 * What is there already is not copied again: an upload's bytes only ever grow.
 */
export async function copyUploads({ source, target, sameStore }: Move): Promise<number> {
  const rows = await source.tables.run("select object_key, size from uploads");
  if (sameStore) return rows.length;
  for (const { object_key, size } of rows) {
    const [key, wanted] = [String(object_key), Number(size)];
    const there = Math.min((await target.store.stat(key)) ?? 0, wanted);
    if (there === wanted && wanted > 0) continue;
    const writer = await target.store.append(key, there);
    try {
      if (wanted > there) {
        for await (const bytes of source.store.read(key, there, wanted).stream()) await writer.write([bytes]);
      }
    } finally {
      await writer.close();
    }
  }
  return rows.length;
}
