import { afterAll, afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { findStrayFiles, findWrong } from "../faults/inspect.ts";
import { emptyLedger, type Ledger, pushUntilGone, send } from "../faults/pusher.ts";
import { seeded } from "../faults/random.ts";
import { ownerAuthorization, runCommand, startServerProcess } from "../faults/server-process.ts";
import { damageOneBlob, type InstallationFolder, pushImage, query, startInstallation } from "./installation-folder.ts";

/** Starts servers, also on a machine that is busy with others. */
setDefaultTimeout(60_000);

/** One installation for all tests, until one of them ends its server. */
let it: InstallationFolder;
let isUsable = false;
let tests = 0;
beforeEach(async () => {
  if (!isUsable) it = await startInstallation(3);
  isUsable = true;
  mkdirSync(join(it.folder, `${++tests}`));
});
afterEach(async () => {
  const { exitCode, signalCode } = it.server.child;
  isUsable = exitCode === null && signalCode === null;
  if (!isUsable) await it.close();
});
afterAll(() => (isUsable ? it.close() : undefined));

const backup = (to: string) => runCommand("backup", to, "--data", it.data, "--format=json");
const restore = (from: string, to: string, ...flags: string[]) =>
  runCommand("restore", from, "--data", to, "--format=json", ...flags);
const at = (name: string) => join(it.folder, `${tests}`, name);

/** Starts a server over a restored installation and reads everything that the first one had acknowledged. */
async function wrongIn(data: string, ledger: Ledger): Promise<string[]> {
  writeFileSync(`${data}.owner.json`, readFileSync(`${it.data}.owner.json`));
  const server = await startServerProcess(data);
  try {
    const setUp = await runCommand("setup", "--data", data, "--key-file", `${data}.new.json`);
    expect(setUp.code).toBe(0);
    rmSync(`${data}.owner.json`);
    writeFileSync(`${data}.owner.json`, readFileSync(`${data}.new.json`));
    const authorization = await ownerAuthorization(server, data);
    return await findWrong({ origin: server.origin, authorization }, ledger);
  } finally {
    await server.kill();
  }
}

describe.each(["backup", "backup.tar"])("a backup to %s", (name) => {
  test("is made beside a running server, and restores everything under the same ids", async () => {
    const made = await backup(at(name));
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: "" });
    const [{ blobs }] = query(it.data, "select count(*) as blobs from blobs") as [{ blobs: number }];
    expect(JSON.parse(made.stdout)).toMatchObject({ format: "waybill-backup-1", blobs, newBlobs: blobs, damaged: [] });
    const restored = await restore(at(name), at("restored"));
    expect(restored.code).toBe(0);
    expect(JSON.parse(restored.stdout)).toMatchObject({ blobs, damaged: [] });
    for (const table of ["projects", "service_accounts", "repositories", "manifests", "tags", "blob_links"]) {
      const sql = `select * from ${table} order by 1, 2`;
      expect(query(at("restored"), sql)).toEqual(query(it.data, sql));
    }
    expect(findStrayFiles(at("restored"))).toEqual({ orphans: [], missing: [] });
    expect(await wrongIn(at("restored"), it.ledger)).toEqual([]);
  }, 60_000);

  test("made during pushes has the object of every row, and what was acknowledged before it", async () => {
    const before = new Set(it.ledger.acknowledged);
    const during = emptyLedger();
    const pushing = [1, 2].map((index) => pushUntilGone(it.connection, "waybill-admin/busy", seeded(index), during));
    await Bun.sleep(200);
    const made = await backup(at(name));
    expect(JSON.parse(made.stdout)).toMatchObject({ damaged: [] });
    await it.server.kill();
    await Promise.all(pushing);
    expect((await restore(at(name), at("restored"))).code).toBe(0);
    const { code, stdout } = await runCommand("verify", "--data", at("restored"), "--format=json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout).blobs).toBe(JSON.parse(made.stdout).blobs);
    expect(query(at("restored"), "select * from uploads")).toEqual([]);
    const unanswered = new Set([...during.acknowledged, ...during.unanswered]);
    expect(await wrongIn(at("restored"), { acknowledged: before, unanswered, wrong: [] })).toEqual([]);
  }, 60_000);

  test("whose bytes changed is restored but for them, which are refused until they are pushed again", async () => {
    await backup(at(name));
    if (name.endsWith(".tar")) {
      const bytes = readFileSync(at(name));
      // The last object's last byte: before its padding and the two blocks at the end.
      const last = bytes.findLastIndex((byte) => byte !== 0);
      bytes[last] = (bytes[last] ?? 0) ^ 1;
      writeFileSync(at(name), bytes);
    } else {
      await it.server.kill();
      damageOneBlob(at(name));
    }
    const { code, stdout, stderr } = await restore(at(name), at("restored"));
    expect(code).toBe(1);
    const [digest] = JSON.parse(stdout).damaged;
    expect(stderr).toContain(`waybill: error: the blob ${digest} is damaged in the backup: push it again`);
    expect(query(at("restored"), "select digest from blobs where quarantined_at is not null")).toEqual([{ digest }]);
  }, 60_000);

  test("is readable by its owner only", async () => {
    await backup(at(name));
    expect(statSync(at(name)).mode & 0o077).toBe(0);
    expect(readdirSync(at(".")).filter((entry) => /partial|\.metadata$/.test(entry))).toEqual([]);
    if (!name.endsWith(".tar")) expect(statSync(join(at(name), "metadata.sqlite")).mode & 0o077).toBe(0);
  }, 30_000);
});

describe("a backup folder", () => {
  test("is brought up to date: new blobs are added, old ones that nobody has any more are removed", async () => {
    const first = JSON.parse((await backup(at("backup"))).stdout);
    await pushImage(it);
    const second = JSON.parse((await backup(at("backup"))).stdout);
    expect(second.blobs).toBeGreaterThan(first.blobs);
    expect(second.newBlobs).toBe(second.blobs - first.blobs);
    const stray = at("backup/objects/00/00000000000000000000000000000000");
    writeFileSync(stray, "from an earlier backup");
    expect(JSON.parse((await backup(at("backup"))).stdout).newBlobs).toBe(0);
    expect(existsSync(stray)).toBe(false);
    expect(findStrayFiles(at("backup"))).toEqual({ orphans: [], missing: [] });
  }, 30_000);

  test("on the same disk costs no second copy", async () => {
    await backup(at("backup"));
    const [{ key }] = query(it.data, "select key from objects limit 1") as [{ key: string }];
    const fileIn = (folder: string) => statSync(join(folder, "objects", key.slice(0, 2), key)).ino;
    expect(fileIn(at("backup"))).toBe(fileIn(it.data));
  }, 30_000);

  test("outlives what is removed from the installation", async () => {
    await backup(at("backup"));
    await it.server.kill();
    rmSync(it.data, { recursive: true });
    expect((await restore(at("backup"), at("restored"), "--replaces-original")).code).toBe(0);
    expect((await runCommand("verify", "--data", at("restored"))).code).toBe(0);
  }, 30_000);
});

describe("what cannot be", () => {
  type Attempt = () => Promise<{ code: number; stderr: string }>;
  const refusals: [string, Attempt, RegExp][] = [
    ["a backup into a folder with other things in it", () => backup(it.folder), /has other things in it/],
    ["a backup to a file that exists", () => backup(at("exists.tar")), /exists already/],
    ["a restore over an installation", () => restore(at("backup"), it.data), /never writes over/],
    ["a restore of nothing", () => restore(at("nothing"), at("r")), /there is no backup/],
    ["a restore of another folder", () => restore(it.folder, at("r")), /is no backup of Waybill/],
    ["a restore of another file", () => restore(at("exists.tar"), at("r")), /is no backup of Waybill/],
  ];
  test.each(refusals)(
    "%s is refused in one line, with what mends it",
    async (_name, attempt, text) => {
      await backup(at("backup"));
      writeFileSync(at("exists.tar"), "something else");
      const { code, stderr } = await attempt();
      expect(code).toBe(1);
      expect(stderr).toMatch(text);
      expect(stderr).toMatch(/^waybill: error: .*\nwaybill: hint: .*\n$/);
      expect(existsSync(at("r/metadata.sqlite"))).toBe(false);
      expect(readFileSync(at("exists.tar"), "utf8")).toBe("something else");
    },
    30_000,
  );

  test("a backup of another installation is not written over", async () => {
    await backup(at("backup"));
    const other = await startInstallation(0);
    const { code, stderr } = await runCommand("backup", at("backup"), "--data", other.data);
    await other.close();
    expect(code).toBe(1);
    expect(stderr).toContain("another installation");
    expect((await restore(at("backup"), at("restored"))).code).toBe(0);
  }, 30_000);

  test("a backup that was cut off is refused, and leaves no installation", async () => {
    await backup(at("b.tar"));
    writeFileSync(at("b.tar"), readFileSync(at("b.tar")).subarray(0, -5000));
    const { code, stderr } = await restore(at("b.tar"), at("r"));
    expect(code).toBe(1);
    expect(stderr).toContain("ends too early");
    expect(existsSync(at("r/metadata.sqlite"))).toBe(false);
  }, 30_000);
});

describe("a restored installation", () => {
  const id = (data: string) => query(data, "select value from installation where key = 'id'");
  const origins = (data: string) => query(data, "select distinct origin from service_account_keys");
  const tokenStatus = async (data: string) => {
    writeFileSync(`${data}.owner.json`, readFileSync(`${it.data}.owner.json`));
    const server = await startServerProcess(data);
    const authorization = await ownerAuthorization(server, data);
    const old = await send({ ...it.connection, origin: server.origin }, "/v2/");
    const forGoogle = await send({ origin: server.origin, authorization }, "/v2/");
    const aud = `${server.origin}/token`;
    const named = await ownerAuthorization(server, data, { aud });
    const forUs = await send({ origin: server.origin, authorization: named }, "/v2/");
    await server.kill();
    return { old: old.status, forGoogle: forGoogle.status, forUs: forUs.status };
  };

  test("is another one: tokens of the original and assertions for Google are refused", async () => {
    await backup(at("backup"));
    await restore(at("backup"), at("restored"));
    expect(id(at("restored"))).not.toEqual(id(it.data));
    expect(origins(at("restored"))).toEqual([{ origin: "restored" }]);
    expect(query(at("restored"), "select value from installation where key = 'restoredAt'")).toHaveLength(1);
    expect(await tokenStatus(at("restored"))).toEqual({ old: 401, forGoogle: 401, forUs: 200 });
  }, 60_000);

  test("that replaces the original is the same one, and everything goes on", async () => {
    await backup(at("backup"));
    await it.server.kill();
    await restore(at("backup"), at("restored"), "--replaces-original");
    expect(id(at("restored"))).toEqual(id(it.data));
    expect(origins(at("restored"))).toEqual([{ origin: "generated" }]);
    expect(await tokenStatus(at("restored"))).toEqual({ old: 200, forGoogle: 200, forUs: 200 });
  }, 60_000);
});
