import { describe, expect, test } from "bun:test";
import { readReport } from "./report.ts";

/** A report as the program prints it. */
function report(counts: Record<string, number>, verdicts: Record<string, string> = {}): string {
  const line = (name: string, value: string) => `  ${name.padEnd(30, ".")}: ${value.padStart(10)}`;
  const many = Array.from({ length: 50 }, (_, index) => line(`Capability ${index}`, "Pass"));
  const given = { Disabled: 0, Skip: 0, Pass: 986, FAIL: 0, Error: 0, ...counts };
  return [
    "  version: dev",
    ...Object.entries(given).map(([name, count]) => line(name, String(count))),
    ...many,
    ...Object.entries(verdicts).map(([name, value]) => line(name, value)),
  ].join("\n");
}

describe("readReport", () => {
  test("has nothing to say against a report in which everything passed", () => {
    expect(readReport(report({}, { "Sparse Manifests": "Disabled" }))).toEqual({ passed: 986, faults: [] });
  });

  test.each([
    [report({ FAIL: 1 }), "FAIL: 1"],
    [report({ Skip: 2 }), "Skip: 2"],
    [report({ Error: 3 }), "Error: 3"],
    [report({}, { Referrers: "Disabled" }), "Referrers: Disabled"],
    [report({}, { "Blob mount": "FAIL" }), "Blob mount: FAIL"],
  ])("finds the fault of report %#", (output, fault) => {
    expect(readReport(output).faults).toEqual([fault]);
  });

  test("takes no report for no good one", () => {
    expect(readReport("").faults).not.toEqual([]);
    expect(readReport("  Pass....:  5").faults).not.toEqual([]);
  });
});
