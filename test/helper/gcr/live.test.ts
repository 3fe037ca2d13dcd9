// The table once more, through the real docker-credential-gcr: what it says upstream does, upstream does.
import { describe, expect, test } from "bun:test";
import { check, expectedOfUpstream } from "./check-row.ts";
import { findPeer, peersRequired } from "./peer.ts";
import { runRow, upstream } from "./row.ts";
import { rows } from "./rows.ts";

const peer = findPeer();

if ("path" in peer) {
  describe("the real docker-credential-gcr", () => {
    for (const row of rows.filter(({ ownSetting }) => !ownSetting))
      test(`${row.section} ${row.what}`, async () => {
        check(await runRow(row, upstream(peer.path)), expectedOfUpstream(row));
      }, 30_000);
  });
} else {
  const what = "the table through the real docker-credential-gcr";
  console.error(`skipped: needs ${peer.lacking}: ${what}`);
  if (peersRequired) test(what, () => expect(peer.lacking).toBeUndefined());
  else test.skip(`${what} (skipped: needs ${peer.lacking})`, () => {});
}
