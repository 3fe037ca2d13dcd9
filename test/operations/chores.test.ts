import { expect, test } from "bun:test";
import { Chores } from "../../src/operations/chores.ts";

const silent = () => {};

test("a chore is done at the start and again some time after its end, one at a time", async () => {
  let [running, most, times] = [0, 0, 0];
  const run = async () => {
    most = Math.max(most, ++running);
    await Bun.sleep(5);
    running--;
    times++;
  };
  const chores = new Chores([{ name: "counting", everyMilliseconds: 1, run }], silent);
  await Bun.sleep(100);
  await chores.stop();
  expect(most).toBe(1);
  expect(times).toBeGreaterThan(2);
  const after = times;
  await Bun.sleep(30);
  expect(times).toBe(after);
});

test("a chore without an interval is done once", async () => {
  let times = 0;
  const chores = new Chores([{ name: "once", run: async () => void times++ }], silent);
  await Bun.sleep(30);
  await chores.stop();
  expect(times).toBe(1);
});

test("one that fails is told to the log, and tried again", async () => {
  const said: string[] = [];
  const run = () => Promise.reject(new Error("no luck"));
  const chores = new Chores([{ name: "failing", everyMilliseconds: 1, run }], (_, message) => said.push(message));
  while (said.length < 2) await Bun.sleep(1);
  await chores.stop();
  expect(new Set(said)).toEqual(new Set(["failing failed"]));
});

test("stop tells what runs to end, and waits for it", async () => {
  let ended = false;
  const run = async (signal: AbortSignal) => {
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    await Bun.sleep(5);
    ended = true;
  };
  const chores = new Chores([{ name: "long", run }], silent);
  await Bun.sleep(10);
  await chores.stop();
  expect(ended).toBe(true);
});

test("what one node does for all is done by the leader, and ends when another one leads", async () => {
  let leads = false;
  let [ofAll, ofEach, ended] = [0, 0, 0];
  const run = async (signal: AbortSignal) => {
    ofAll++;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    ended++;
  };
  const own = { name: "own", everyMilliseconds: 1, onEveryNode: true, run: async () => void ofEach++ };
  const chores = new Chores([{ name: "for all", everyMilliseconds: 1, run }, own], silent, () => leads);
  while (ofEach < 3) await Bun.sleep(1);
  expect(ofAll).toBe(0);
  leads = true;
  while (ofAll < 1) await Bun.sleep(10);
  leads = false;
  while (ended < 1) await Bun.sleep(10);
  leads = true;
  while (ofAll < 2) await Bun.sleep(10);
  await chores.stop();
  expect(ended).toBe(2);
}, 60_000);
