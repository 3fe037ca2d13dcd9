import type { Writer } from "./schema.ts";

/** Keeps when an image was made, by its own word; the first word stays. Its manifest must be there. */
export async function insertImageTime(
  write: Writer,
  repositoryId: string,
  digest: string,
  imageCreatedAt: number,
): Promise<void> {
  await write
    .insertInto("image_times")
    .values({ repository_id: repositoryId, digest, image_created_at: imageCreatedAt })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
