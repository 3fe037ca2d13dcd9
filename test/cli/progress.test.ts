import { expect, test } from "bun:test";
import { formatBytes, formatCount } from "../../src/cli/operations/format-bytes.ts";
import { showProgress, showSteps } from "../../src/cli/operations/progress.ts";
import { context } from "./context.ts";

function progressOn(interactive: boolean) {
  const { it, said } = context({ interactive });
  const clock = { now: 1_000_000 };
  return { clock, said, progress: showProgress({ ...it, now: () => clock.now }, "verifying") };
}

test("a bar is drawn on a terminal, a few times a second, and taken away at the end", () => {
  const { clock, said, progress } = progressOn(true);
  progress.update(0, 4096);
  progress.update(1, 4096);
  clock.now += 100;
  progress.update(2048, 4096);
  progress.end();
  expect(said.stderr.split("\r").map((text) => text.replace("\x1b[K", ""))).toEqual([
    "",
    "[------------------------------] 0% of 4.0 KiB verifying",
    "[###############---------------] 50% of 4.0 KiB verifying",
    "",
  ]);
  expect(said.stdout).toBe("");
});

test("plain lines come without a terminal, one every ten seconds", () => {
  const { clock, said, progress } = progressOn(false);
  for (let second = 0; second <= 25; second++, clock.now += 1000) progress.update(second * 40, 1000);
  progress.end();
  expect(said.stderr).toBe("verifying: 40% of 1000 bytes\nverifying: 80% of 1000 bytes\n");
});

test("a short work says nothing", () => {
  const { said, progress } = progressOn(false);
  progress.update(0, 0);
  progress.end();
  expect(said.stderr).toBe("");
});

test("bytes and counts are written for people", () => {
  expect([0, 1, 1023, 1024, 1536, 5 * 1024 ** 3, 3 * 1024 ** 6].map(formatBytes)).toEqual([
    "0 bytes",
    "1 byte",
    "1023 bytes",
    "1.0 KiB",
    "1.5 KiB",
    "5.0 GiB",
    "3072.0 PiB",
  ]);
  expect([formatCount(1, "blob"), formatCount(2, "blob"), formatCount(0, "repository", "repositories")]).toEqual([
    "1 blob",
    "2 blobs",
    "0 repositories",
  ]);
});

test("several works one after the other are a bar each on a terminal, and a line each elsewhere", () => {
  for (const [interactive, says] of [
    [true, "\r[###############---------------] 50% of 4 rows copying rows\x1b[K"],
    [false, "copying rows\nchecking blobs\n"],
  ] as const) {
    const { it, said } = context({ interactive });
    const steps = showSteps(it);
    steps.update("copying rows", 2, 4);
    if (!interactive) steps.update("checking blobs", 0, 2048);
    expect(said.stderr).toBe(says);
    steps.end();
    expect(said.stderr).toBe(interactive ? `${says}\r\x1b[K` : says);
  }
});
