import type { Reader, Writer } from "./schema.ts";

export interface Delivery {
  readonly eventId: string;
  readonly receiver: string;
  readonly event: string;
  readonly createdAt: number;
  readonly nextAt: number;
  readonly attempts: number;
  readonly lastError: string;
  readonly deadAt: number | null;
}

const columns = [
  "event_id as eventId",
  "receiver",
  "event",
  "created_at as createdAt",
  "next_at as nextAt",
  "attempts",
  "last_error as lastError",
  "dead_at as deadAt",
] as const;

/** Keeps an event for a receiver, to be delivered from now on. */
export async function insertDelivery(write: Writer, eventId: string, receiver: string, event: string, now: number) {
  const times = { created_at: now, next_at: now, attempts: 0, last_error: "", dead_at: null };
  await write
    .insertInto("webhook_deliveries")
    .values({ event_id: eventId, receiver, event, ...times })
    .execute();
}

/** Deliveries whose time has come, the longest waiting first. */
export async function listDueDeliveries(read: Reader, now: number, limit: number): Promise<Delivery[]> {
  return await read
    .selectFrom("webhook_deliveries")
    .select(columns)
    .where("dead_at", "is", null)
    .where("next_at", "<=", now)
    .orderBy("next_at")
    .orderBy("event_id")
    .limit(limit)
    .execute();
}

/** What was given up, the oldest first. */
export async function listDeadDeliveries(read: Reader, limit: number): Promise<Delivery[]> {
  return await read
    .selectFrom("webhook_deliveries")
    .select(columns)
    .where("dead_at", "is not", null)
    .orderBy("dead_at")
    .orderBy("event_id")
    .limit(limit)
    .execute();
}

/** For each receiver how many wait and how many were given up. */
export async function countDeliveries(read: Reader) {
  const rows = await read
    .selectFrom("webhook_deliveries")
    .select((row) => [
      "receiver",
      row.fn.countAll().as("all"),
      row.fn.count("dead_at").as("dead"),
      row.fn.min("created_at").as("oldest"),
    ])
    .groupBy("receiver")
    .orderBy("receiver")
    .execute();
  return rows.map(({ receiver, all, dead, oldest }) => ({
    receiver,
    waiting: Number(all) - Number(dead),
    dead: Number(dead),
    oldestAt: Number(oldest),
  }));
}

/** The receiver took it. */
export async function removeDelivery(write: Writer, { eventId, receiver }: Delivery): Promise<void> {
  await write
    .deleteFrom("webhook_deliveries")
    .where("event_id", "=", eventId)
    .where("receiver", "=", receiver)
    .execute();
}

/** The receiver did not take it: it is tried again at a time, or never where there is none. */
export async function postponeDelivery(
  write: Writer,
  { eventId, receiver, attempts }: Delivery,
  outcome: { readonly error: string; readonly nextAt: number | undefined; readonly now: number },
): Promise<void> {
  const { error, nextAt, now } = outcome;
  await write
    .updateTable("webhook_deliveries")
    .set({
      attempts: attempts + 1,
      last_error: error,
      next_at: nextAt ?? now,
      dead_at: nextAt === undefined ? now : null,
    })
    .where("event_id", "=", eventId)
    .where("receiver", "=", receiver)
    .execute();
}

/** Tries what was given up again, from the first attempt on: one event, or all. Answers how many. */
export async function reviveDeliveries(write: Writer, eventId: string | undefined, now: number): Promise<number> {
  const all = write
    .updateTable("webhook_deliveries")
    .set({ dead_at: null, attempts: 0, next_at: now })
    .where("dead_at", "is not", null);
  const { numUpdatedRows } = await (eventId === undefined
    ? all
    : all.where("event_id", "=", eventId)
  ).executeTakeFirstOrThrow();
  return Number(numUpdatedRows);
}

/** Forgets what was given up before a time. */
export async function forgetDeadDeliveries(write: Writer, before: number): Promise<void> {
  await write.deleteFrom("webhook_deliveries").where("dead_at", "<", before).execute();
}
