/** A test with real clients: skipped aloud where one is missing, failed where the run demands them all. */
import { test } from "bun:test";
import { missing, mustHave, type Need, skipText } from "./machine.ts";

/** Real clients on a busy machine: a daemon's start, a few pushes, half a second for every call of gcloud. */
const LIMIT_MILLISECONDS = 180_000;

export function clientTest(name: string, needs: readonly Need[], run: () => Promise<void>): void {
  const lacking = missing(needs);
  if (lacking.length === 0) {
    test(name, run, LIMIT_MILLISECONDS);
  } else if (mustHave(lacking)) {
    test(name, () => {
      throw new Error(`needs ${lacking.join(", ")}, and WAYBILL_REQUIRE_CLIENTS=1 allows no skipping`);
    });
  } else {
    console.error(`${skipText(lacking)}: ${name}`);
    test.skip(`${name} (${skipText(lacking)})`, run);
  }
}
