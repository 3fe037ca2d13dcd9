import type { Reader, Writer } from "./schema.ts";

/** What was chosen at the first start: `id`, `accountDomain`, `compatibility`. */
export async function readInstallation(read: Reader): Promise<ReadonlyMap<string, string>> {
  const rows = await read.selectFrom("installation").select(["key", "value"]).execute();
  return new Map(rows.map(({ key, value }) => [key, value]));
}

/** Keeps a choice for good; one that is already made stays. */
export async function chooseOnce(write: Writer, key: string, value: string): Promise<void> {
  await write
    .insertInto("installation")
    .values({ key, value })
    .onConflict((conflict) => conflict.column("key").doNothing())
    .execute();
}

/** A number that grows with every change to who may do what. */
export async function readPolicyVersion(read: Reader): Promise<number> {
  const row = await read.selectFrom("versions").select("value").where("name", "=", "policy").executeTakeFirst();
  return row?.value ?? 0;
}

/** Tells every node that a decision may now come out differently. */
export async function raisePolicyVersion(write: Writer): Promise<void> {
  await write
    .updateTable("versions")
    .set((row) => ({ value: row("value", "+", 1) }))
    .where("name", "=", "policy")
    .execute();
}
