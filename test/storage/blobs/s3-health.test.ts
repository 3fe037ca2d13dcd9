import { expect, test } from "bun:test";
import { S3Health } from "../../../src/storage/blobs/s3-health.ts";

test("a store that was silent for long is asked by one request a second, until it answers", () => {
  const clock = { now: 100_000 };
  const health = new S3Health(() => clock.now);
  const worthAfter = (milliseconds: number) => {
    clock.now += milliseconds;
    return health.isWorthAsking;
  };
  expect(health.isWorthAsking).toBe(true);
  health.noteSilence(clock.now);
  expect([worthAfter(0), worthAfter(4999)]).toEqual([true, true]);
  health.noteSilence(clock.now);
  expect([worthAfter(1), worthAfter(500), worthAfter(498), worthAfter(1)]).toEqual([false, false, false, true]);
  expect([worthAfter(0), worthAfter(999), worthAfter(1), worthAfter(1)]).toEqual([false, false, true, false]);
  health.noteAnswer();
  expect([worthAfter(0), worthAfter(0)]).toEqual([true, true]);
});

test("a store that has answered others since is not away for one request that it did not answer", () => {
  const clock = { now: 100_000 };
  const health = new S3Health(() => clock.now);
  clock.now += 9_000;
  health.noteAnswer();
  clock.now += 1_000;
  health.noteSilence(100_000);
  expect(health.isWorthAsking).toBe(true);
});

test("a store that hung for long with one request is away for the next", () => {
  const clock = { now: 100_000 };
  const health = new S3Health(() => clock.now);
  clock.now += 10_000;
  health.noteSilence(100_000);
  expect(health.isWorthAsking).toBe(false);
});
