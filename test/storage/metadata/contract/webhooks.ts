import { expect, test } from "bun:test";
import { readOpenWork } from "../../../../src/storage/metadata/open-work.ts";
import {
  countDeliveries,
  forgetDeadDeliveries,
  insertDelivery,
  listDeadDeliveries,
  listDueDeliveries,
  postponeDelivery,
  removeDelivery,
  reviveDeliveries,
} from "../../../../src/storage/metadata/webhooks.ts";
import type { Suite } from "../databases.ts";

export function webhooks(suite: Suite): void {
  test("an event waits for its receiver until it is taken, and one that is given up until it is revived or forgotten", async () => {
    const { metadata } = suite;
    const { read } = metadata;
    const write = metadata.write.bind(metadata);
    await write(async (writer) => {
      await insertDelivery(writer, "e1", "ci", "{}", 1000);
      await insertDelivery(writer, "e1", "mail", "{}", 1000);
      await insertDelivery(writer, "e2", "ci", "{}", 2000);
    });
    const due = await listDueDeliveries(read, 1000, 10);
    expect(due.map(({ eventId, receiver }) => [eventId, receiver])).toEqual([
      ["e1", "ci"],
      ["e1", "mail"],
    ]);
    const [first, second] = due;
    if (!first || !second) throw new Error("two are due");
    await write((writer) => removeDelivery(writer, first));
    await write((writer) => postponeDelivery(writer, second, { error: "away", nextAt: 9000, now: 1500 }));
    expect((await listDueDeliveries(read, 5000, 10)).map(({ eventId }) => eventId)).toEqual(["e2"]);
    const [again] = await listDueDeliveries(read, 9000, 1);
    expect(again).toMatchObject({ eventId: "e2", attempts: 0 });
    await write((writer) => postponeDelivery(writer, second, { error: "gone", nextAt: undefined, now: 9500 }));
    expect(await listDeadDeliveries(read, 10)).toEqual([
      { ...second, attempts: 1, lastError: "gone", nextAt: 9500, deadAt: 9500 },
    ]);
    expect(await countDeliveries(read)).toEqual([
      { receiver: "ci", waiting: 1, dead: 0, oldestAt: 2000 },
      { receiver: "mail", waiting: 0, dead: 1, oldestAt: 1000 },
    ]);
    expect(await write((writer) => reviveDeliveries(writer, "e2", 9600))).toBe(0);
    expect(await write((writer) => reviveDeliveries(writer, "e1", 9600))).toBe(1);
    expect(await listDeadDeliveries(read, 10)).toEqual([]);
    await write((writer) => postponeDelivery(writer, second, { error: "gone", nextAt: undefined, now: 9700 }));
    await write((writer) => forgetDeadDeliveries(writer, 9700));
    expect(await listDeadDeliveries(read, 10)).toHaveLength(1);
    await write((writer) => forgetDeadDeliveries(writer, 9701));
    expect(await listDeadDeliveries(read, 10)).toEqual([]);
  });

  test("what is begun and kept are numbers, on either database", async () => {
    const work = await readOpenWork(suite.metadata.read);
    expect(Number.isSafeInteger(work.uploads) && Number.isSafeInteger(work.storedBytes)).toBe(true);
  });
}
