import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { radosgwMissing, sharedRadosgw } from "../radosgw.ts";

setDefaultTimeout(600_000);

/** The registry's own tests that touch blobs most. They know nothing of the store that they run over. */
const files = ["http/distribution/uploads.test.ts", "registry/scrub.test.ts"];
/** `npm run test:s3`. What is held in memory of a folder's blobs (remembered-answers, hot-path) is a folder's own. */
const more = [
  ...["blobs", "mounts", "manifests", "referrers", "wire", "tags"].map((name) => `http/distribution/${name}.test.ts`),
  "registry/garbage.test.ts",
  "registry/upstream/pull-through.test.ts",
  "registry/upstream/trust.test.ts",
];

const missing = radosgwMissing();
if (missing) console.error(`${missing}: the registry's tests over S3`);

describe.skipIf(missing !== undefined)(`over S3${missing ? ` (${missing})` : ""}`, () => {
  test("the registry does what it does over a folder", async () => {
    const { endpoint, env, bucket } = await sharedRadosgw();
    const paths = [...files, ...(process.env.WAYBILL_S3_OUTAGE_SECONDS ? more : [])];
    const child = Bun.spawn(
      [process.execPath, "test", "--timeout=120000", ...paths.map((path) => join(import.meta.dir, "..", path))],
      {
        env: { ...process.env, ...env, WAYBILL_TEST_BLOBS: `s3://${await bucket()}?endpoint=${endpoint}` },
        stdout: "ignore",
        stderr: "pipe",
      },
    );
    const [code, output] = await Promise.all([child.exited, child.stderr.text()]);
    const failed = output.split("\n").filter((line) => line.startsWith("(fail)"));
    expect({ code, failed, output: code === 0 ? "" : output }).toEqual({ code: 0, failed: [], output: "" });
    expect(Number(/^ *([0-9]+) pass$/m.exec(output)?.[1])).toBeGreaterThan(25);
  });
});
