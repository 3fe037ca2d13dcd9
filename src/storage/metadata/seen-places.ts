import type { Writer } from "./schema.ts";

/** A network from which a credential was used. */
export interface SeenPlace {
  readonly principal: string;
  readonly credential: string;
  readonly network: string;
}

/** Notes a place; whether it was new. Those of before `forgetBefore` are new again. */
export async function noteSeenPlace(
  write: Writer,
  place: SeenPlace,
  now: number,
  forgetBefore: number,
): Promise<boolean> {
  await write.deleteFrom("seen_places").where("first_at", "<", forgetBefore).execute();
  const { numInsertedOrUpdatedRows } = await write
    .insertInto("seen_places")
    .values({ ...place, first_at: now })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n;
}
