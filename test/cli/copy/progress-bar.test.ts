import { expect, test } from "bun:test";
import { barText, ProgressBar } from "../../../src/cli/copy/progress-bar.ts";
import { Slots } from "../../../src/cli/copy/slots.ts";
import { sizeText } from "../../../src/cli/copy/tally.ts";
import { context } from "../context.ts";

test("the bar shows what was moved of what is expected", () => {
  expect(barText(0, 0)).toBe(`[>${" ".repeat(29)}]  0 B of 0 B`);
  expect(barText(5_000_000, 10_000_000)).toBe(`[${"=".repeat(15)}>${" ".repeat(14)}]  5.0 MB of 10.0 MB`);
  expect(barText(10, 10)).toBe(`[${"=".repeat(30)}]  10 B of 10 B`);
  expect([999, 1000, 1_500_000, 2e12].map(sizeText)).toEqual(["999 B", "1.0 kB", "1.5 MB", "2.0 TB"]);
});

test("the bar is drawn on a terminal, and taken away at the end; elsewhere there is none", async () => {
  for (const interactive of [true, false]) {
    const { it, said } = context({ interactive });
    {
      using bar = new ProgressBar(it);
      bar.expect(100);
      bar.moved(50);
      await Bun.sleep(300);
    }
    expect(said.stderr.includes("50 B of 100 B")).toBe(interactive);
    expect(said.stderr.endsWith("\r\x1b[K")).toBe(interactive);
  }
});

test("no more than a few things happen at once, and nothing new after one that failed", async () => {
  const slots = new Slots(2);
  let [running, most, begun] = [0, 0, 0];
  const work = (fails: boolean) => async () => {
    begun++;
    most = Math.max(most, ++running);
    await Bun.sleep(5);
    running--;
    if (fails) throw new Error("no");
  };
  const ends = await Promise.allSettled(
    [false, false, true, false, false, false].map((fails) => slots.do(work(fails))),
  );
  expect(most).toBe(2);
  expect(begun).toBeLessThan(6);
  expect(ends.filter(({ status }) => status === "rejected").length).toBe(6 - begun + 1);
});
