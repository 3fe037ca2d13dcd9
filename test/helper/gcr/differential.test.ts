// The same command lines through ours and through the table of what docker-credential-gcr was recorded to do. A row
// without a difference must be equal; a row with one must differ as docs/docker-credential-gcr.md says.
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { check, expectedOfOurs } from "./check-row.ts";
import { ours, runRow } from "./row.ts";
import { rows } from "./rows.ts";

/** Differences that no row can show, and the tests that do: a sign-in that Google ends, and a version that is our own. */
const shownElsewhere = {
  12: "renewal.test.ts: a login that has ended for good",
  13: "usage-rows.ts: version, whose number is a pattern",
};

/** A metadata server is given a second: what answers in its place must not wait for two hundred other rows. */
const [alone, together] = [rows.filter(({ metadata }) => metadata), rows.filter(({ metadata }) => !metadata)];

describe("as docker-credential-gcr", () => {
  for (const row of [...alone, ...together])
    (row.metadata ? test : test.concurrent)(
      `${row.section} ${row.what}${row.ours ? ` (difference ${row.ours.difference})` : ""}`,
      async () => {
        check(await runRow(row, ours), expectedOfOurs(row));
      },
    );
});

test("every section that is promised has rows, and no two rows have one name", () => {
  expect([...new Set(rows.map(({ section }) => section))].sort()).toEqual(["1.1", "1.10", "1.2", "1.3", "1.7", "1.8"]);
  const names = rows.map(({ section, what }) => `${section} ${what}`);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test("every difference of the table is in the documentation, and none is there without a row", () => {
  const text = readFileSync(new URL("../../../docs/docker-credential-gcr.md", import.meta.url), "utf8");
  const documented = [...text.matchAll(/^(\d+)\. \*\*/gm)].map(([, number]) => Number(number));
  const inRows = rows.map(({ ours }) => ours?.difference).filter((number) => number !== undefined);
  expect(inRows.filter((number) => !documented.includes(number))).toEqual([]);
  expect(documented.filter((number) => !inRows.includes(number))).toEqual(Object.keys(shownElsewhere).map(Number));
});
