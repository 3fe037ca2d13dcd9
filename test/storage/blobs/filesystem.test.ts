import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newObjectKey } from "../../../src/storage/blobs/blob-store.ts";
import { objectPath } from "../../../src/storage/blobs/filesystem.ts";

const missing = Bun.which("strace") ? undefined : "skipped: needs strace";
if (missing) console.error(`${missing}: a disk that loses what was written to it`);
const folder = mkdtempSync(join(tmpdir(), "waybill-objects-"));
afterAll(() => rmSync(folder, { recursive: true }));

const script = join(import.meta.dir, "commit-object.ts");
const mebibyte = 1024 * 1024;

/** What the script says on a system on which some calls on the object fail; not those on its folder, which other threads make at the same time. */
async function commitOn(bytes: number, injection: string): Promise<string> {
  const key = newObjectKey();
  const strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", objectPath(folder, key), "-e", `inject=${injection}`];
  const child = Bun.spawn([...strace, process.execPath, script, folder, key, String(bytes)], {
    stdout: "pipe",
    stderr: "inherit",
  });
  return (await child.stdout.text()).trim();
}

describe.skipIf(missing !== undefined)(`an object${missing ? ` (${missing})` : ""}`, () => {
  test("of which the disk lost something while it arrived is not committed, though the last sync goes well", async () => {
    expect(await commitOn(20 * mebibyte, "fdatasync:error=EIO")).toMatch(/did not reach the disk.*EIO/);
  });

  test("whose last sync failed is not committed by the next, which would go well", async () => {
    expect(await commitOn(1000, "fsync:error=EIO")).toMatch(/^EIO.*\nthen .*did not reach the disk.*EIO/);
  });

  test("that the disk took is committed", async () => {
    expect(await commitOn(20 * mebibyte, "getpid:error=EIO")).toBe("committed");
  });
});
