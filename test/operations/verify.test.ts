import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { send } from "../faults/pusher.ts";
import { runCommand } from "../faults/server-process.ts";
import { damageOneBlob, type InstallationFolder, query, startInstallation } from "./installation-folder.ts";

/** Starts servers, also on a machine that is busy with others. */
setDefaultTimeout(60_000);

let it: InstallationFolder;
beforeEach(async () => {
  it = await startInstallation(3);
});
afterEach(() => it.close());

const verify = (...flags: string[]) => runCommand("verify", "--data", it.data, ...flags);

describe("waybill verify", () => {
  test("reads everything and finds nothing wrong with what is right", async () => {
    const [{ blobs, bytes }] = query(it.data, "select count(*) as blobs, sum(size) as bytes from blobs") as [
      { blobs: number; bytes: number },
    ];
    const { code, stdout, stderr } = await verify("--format=json");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual({ blobs, bytes, manifests: 3, damaged: [] });
  }, 30_000);

  test.each(["beside a running server", "without a server"])(
    "%s: quarantines a damaged blob, says where it is, exits 1, and says so again the next time",
    async (where) => {
      const digest = damageOneBlob(it.data);
      if (where === "without a server") await it.server.stop();
      const { code, stdout, stderr } = await verify();
      expect(code).toBe(1);
      expect(stdout).toEndWith(", 1 damaged\n");
      expect(stderr).toMatch(
        new RegExp(`^waybill: error: the blob ${digest} \\(in \\S+/waybill-admin/image\\) is damaged: its bytes .*\n$`),
      );
      expect(query(it.data, "select digest from blobs where quarantined_at is not null")).toEqual([{ digest }]);
      if (where !== "without a server") {
        expect((await send(it.connection, `/v2/waybill-admin/image/blobs/${digest}`)).status).toBe(404);
      }
      expect((await verify()).code).toBe(1);
    },
    30_000,
  );

  test("finds a manifest whose bytes are not its own", async () => {
    await it.server.stop();
    const database = new Database(join(it.data, "metadata.sqlite"));
    database.run("update manifests set body = x'7b7d' where rowid = 1");
    database.close();
    const { code, stderr } = await verify();
    expect(code).toBe(1);
    expect(stderr).toContain("the manifest's bytes have the digest");
  }, 30_000);
});
