import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findStrayFiles, findWrong } from "../faults/inspect.ts";
import { send } from "../faults/pusher.ts";
import { runCommand } from "../faults/server-process.ts";
import { age, type InstallationFolder, pushBlob, startInstallation } from "./installation-folder.ts";

/** Starts servers, also on a machine that is busy with others. */
setDefaultTimeout(60_000);

const day = 24 * 60 * 60 * 1000;

let it: InstallationFolder;
beforeEach(async () => {
  it = await startInstallation(1);
});
afterEach(() => it.close());

describe("waybill gc", () => {
  test.each(["beside a running server", "without a server"])(
    "%s: says what it would do, and does it",
    async (where) => {
      const path = await pushBlob(it, "nobody names me");
      if (where === "without a server") await it.server.stop();
      const gc = async (...flags: string[]) => {
        const { code, stdout, stderr } = await runCommand("gc", "--data", it.data, "--format=json", ...flags);
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
        return JSON.parse(stdout);
      };
      expect(await gc()).toMatchObject({ dryRun: false, hidden: 0, links: 0, blobs: 0 });
      age(it.data, day / 2);
      expect(await gc("--dry-run")).toMatchObject({ dryRun: true, hidden: 1, blobs: 0 });
      expect(await gc("--dry-run")).toMatchObject({ hidden: 1 });
      expect(await gc()).toMatchObject({ dryRun: false, hidden: 1, blobs: 0 });
      age(it.data, day / 2);
      expect(await gc("--dry-run")).toMatchObject({ links: 1, blobs: 1, bytes: 15 });
      expect(await gc()).toMatchObject({ links: 1, blobs: 1, bytes: 15, objects: 0 });
      age(it.data, day / 2);
      expect(await gc()).toMatchObject({ objects: 1, removedBytes: 15 });
      expect(findStrayFiles(it.data)).toEqual({ orphans: [], missing: [] });
      if (where === "without a server") return;
      expect((await send(it.connection, path)).status).toBe(404);
      expect(await findWrong(it.connection, it.ledger)).toEqual([]);
    },
    60_000,
  );

  test("tells a person what it did", async () => {
    const { stdout } = await runCommand("gc", "--data", it.data, "--dry-run");
    expect(stdout).toStartWith("0 blobs (0 bytes) would be removed\n");
  }, 30_000);

  test("says in one line that there is no installation, and how to make one", async () => {
    const { code, stdout, stderr } = await runCommand("gc", "--data", join(it.folder, "nothing"));
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^waybill: error: \S+ holds no installation\nwaybill: hint: waybill serve --data=\S+\n$/);
    expect(existsSync(join(it.folder, "nothing"))).toBe(false);
  }, 30_000);

  test("works after a server was killed and left its socket", async () => {
    await it.server.kill();
    expect(existsSync(join(it.data, "control.sock"))).toBe(true);
    expect((await runCommand("gc", "--data", it.data)).code).toBe(0);
  }, 30_000);
});
