import { test } from "bun:test";

/** Says that these tests do not run, and fails where nothing may be skipped. @param missing what `postgresMissing` says */
export function skipLoudly(missing: string, what: string): void {
  if (process.env.WAYBILL_REQUIRE_CLIENTS === "1") {
    test(`${what}: nothing may be skipped, as WAYBILL_REQUIRE_CLIENTS=1 demands`, () => {
      throw new Error(missing);
    });
    return;
  }
  console.error(`${missing}: ${what}`);
  test.skip(`${what} (${missing})`, () => {});
}
