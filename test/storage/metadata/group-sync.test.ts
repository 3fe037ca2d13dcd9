import { afterAll, beforeAll, expect, test } from "bun:test";
import { closeSync, fstatSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GroupSync } from "../../../src/storage/metadata/group-sync.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "waybill-sync-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

function newFile(): number {
  return openSync(join(folder, Bun.randomUUIDv7()), "w");
}

test("who asks while a sync runs shares the next one, and who asks during that the one after", async () => {
  const descriptor = newFile();
  const log = new GroupSync(descriptor);
  writeSync(descriptor, "one");
  const first = log.sync();
  await begun();
  const second = [log.sync(), log.sync(), log.sync()];
  expect(second[0]).not.toBe(first);
  expect(new Set(second).size).toBe(1);
  await first;
  await begun();
  const third = log.sync();
  expect(third).not.toBe(second[0] as Promise<void>);
  const order: number[] = [];
  await Promise.all([
    first.then(() => order.push(1)),
    ...second.map((waiter) => waiter.then(() => order.push(2))),
    third.then(() => order.push(3)),
  ]);
  expect(order).toEqual([1, 2, 2, 2, 3]);
  await log.close();
});

test("who asks in the same breath shares the first sync", async () => {
  const log = new GroupSync(newFile());
  const waiters = Array.from({ length: 500 }, () => log.sync());
  expect(new Set(waiters).size).toBe(1);
  await waiters[0];
  await log.close();
});

test("a failure reaches all its waiters and everyone after them: the system forgets what it could not write", async () => {
  const descriptor = newFile();
  const log = new GroupSync(descriptor);
  await log.sync();
  closeSync(descriptor);
  const waiters = [log.sync(), log.sync()];
  await begun();
  waiters.push(log.sync(), log.sync());
  for (const { status } of await Promise.allSettled(waiters)) expect(status).toBe("rejected");

  // The descriptor's number belongs to a healthy file now, and a sync of it would succeed.
  const healthy = newFile();
  expect(healthy).toBe(descriptor);
  const error = await log.sync().catch((reason) => reason);
  expect(error.message).toContain("until Waybill is started again");
  expect(error.cause.code).toBe("EBADF");
  closeSync(healthy);
});

test("close waits for the syncs that were asked for", async () => {
  const descriptor = newFile();
  const log = new GroupSync(descriptor);
  const first = log.sync();
  await begun();
  const waiters = [first, log.sync(), log.sync()];
  await log.close();
  expect((await Promise.allSettled(waiters)).map(({ status }) => status)).toEqual(Array(3).fill("fulfilled"));
  expect(() => fstatSync(descriptor)).toThrow("EBADF");
});

/** A sync starts a few microtasks after it was asked for; the disk answers later than that, through the event loop. */
async function begun(): Promise<void> {
  for (let tick = 0; tick < 10; tick++) await Promise.resolve();
}
