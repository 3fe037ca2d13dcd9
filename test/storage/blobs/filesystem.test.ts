import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const missing = Bun.which("strace") ? undefined : "skipped: needs strace";
if (missing) console.error(`${missing}: a disk that loses what was written to it`);
const folder = mkdtempSync(join(tmpdir(), "waybill-objects-"));
afterAll(() => rmSync(folder, { recursive: true }));

const script = join(import.meta.dir, "commit-object.ts");
const mebibyte = 1024 * 1024;

/** What the script says on a system on which some calls fail. */
async function commitOn(bytes: number, ...injections: string[]): Promise<string> {
  const strace = ["strace", "-f", "-qq", "-o", "/dev/null", ...injections.flatMap((each) => ["-e", `inject=${each}`])];
  const child = Bun.spawn([...strace, process.execPath, script, folder, String(bytes)], {
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
    // The first sync is of the folder, when it is opened; the commit makes two at once.
    const said = await commitOn(1000, "fsync:error=EIO:when=2..3");
    expect(said).toMatch(/EIO/);
    expect(said).toMatch(/then .*did not reach the disk.*EIO/);
  });

  test("that the disk took is committed", async () => {
    expect(await commitOn(20 * mebibyte, "getpid:error=EIO")).toBe("committed");
  });
});
