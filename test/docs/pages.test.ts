import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Machine, prepareMachine, visit } from "./page-world.ts";
import { pages } from "./pages.ts";
import { lackOf } from "./programs.ts";
import { commandBlocks, isRun } from "./run-page.ts";

/** A page of thirty commands on a busy machine. */
const LIMIT_MILLISECONDS = 600_000;
/** Blocks that no machine runs: each is one that may be wrong and nobody sees it. */
const UNTESTED_MAX = 18;

const withCommands = pages().filter((page) => commandBlocks(page).length > 0);
let machine: Machine;
beforeAll(async () => {
  machine = await prepareMachine(withCommands);
}, LIMIT_MILLISECONDS);
afterAll(() => machine?.[Symbol.asyncDispose](), 60_000);

describe("every command of a page does what the page says", () => {
  const run = withCommands.filter((page) => commandBlocks(page).some(isRun));
  for (const page of run) test.concurrent(page.path, () => visit(page, machine), LIMIT_MILLISECONDS);
});

for (const block of withCommands.flatMap(commandBlocks)) {
  const lack = block.skip === undefined ? lackOf(block) : undefined;
  if (lack === undefined) continue;
  if (lack.fails) {
    test(block.place, () => {
      throw new Error(`${lack.text}, and WAYBILL_REQUIRE_CLIENTS=1 allows no skipping`);
    });
  } else {
    console.error(`skipped: ${lack.text}: ${block.place}`);
    test.skip(`${block.place} (skipped: ${lack.text})`, () => {});
  }
}

test("few commands are shown that no test runs, and each says why", () => {
  const untested = withCommands.flatMap(commandBlocks).filter(({ skip }) => skip !== undefined);
  for (const { place, skip } of untested) console.error(`not run: ${place}: ${skip}`);
  expect(untested.length).toBeLessThanOrEqual(UNTESTED_MAX);
});
