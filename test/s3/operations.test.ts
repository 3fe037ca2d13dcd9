import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openS3Blobs } from "../../src/storage/blobs/open-s3.ts";
import { runCommand } from "../faults/server-process.ts";
import { digestOf } from "../http/distribution/exchanges.ts";
import { radosgwMissing, sharedRadosgw } from "../radosgw.ts";
import { startServerOnS3 } from "./server-on-s3.ts";

setDefaultTimeout(180_000);

const missing = radosgwMissing();
if (missing) console.error(`${missing}: operations on an installation on S3`);

describe.skipIf(missing !== undefined)(`an installation on S3${missing ? ` (${missing})` : ""}`, () => {
  test("is verified and collected, with a server and without; elsewhere its blobs are not called damaged", async () => {
    const { env } = await sharedRadosgw();
    const folder = mkdtempSync(join(tmpdir(), "waybill-credentials-"));
    const credentials = join(folder, "credentials");
    const [id, secret] = [env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY];
    writeFileSync(credentials, `[default]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`);
    const server = await startServerOnS3({ more: [`--blobs-credentials=${credentials}`] });
    const digests: string[] = [];
    for (const content of ["one", "two", "three", "four"]) {
      const digest = digestOf(content);
      const pushed = await server.fetch(`/v2/my-project/image/blobs/uploads/?digest=${digest}`, {
        method: "POST",
        body: content,
      });
      expect(pushed.status).toBe(201);
      digests.push(digest);
    }
    const place = [`--data=${server.data}`, `--blobs=${server.blobs}`, `--blobs-credentials=${credentials}`];
    const verify = async (...more: string[]) => await runCommand("verify", "--format=json", ...more);
    const sound = await verify(...place);
    expect({ ...sound, stdout: JSON.parse(sound.stdout) }).toMatchObject({
      code: 0,
      stdout: { blobs: 4, damaged: [] },
    });

    // Without --blobs it would look into the data folder.
    const elsewhere = await verify(`--data=${server.data}`);
    expect(elsewhere).toMatchObject({ code: 1, stderr: expect.stringContaining("is --blobs the place they lie in?") });
    const refused = await runCommand("backup", join(folder, "backup"), ...place);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("lie on S3") });
    expect((await server.fetch(`/v2/my-project/image/blobs/${digests[0]}`)).status).toBe(200);

    const store = await openS3Blobs(server.blobs, undefined, env);
    const [[gone = ""] = []] = await Array.fromAsync(store.shelves());
    await store.delete(gone);
    const { code, stderr } = await server.stop();
    expect(code).toBe(0);
    expect(stderr).not.toContain(secret);
    const damaged = await verify(...place);
    expect(damaged.code).toBe(1);
    expect(JSON.parse(damaged.stdout).damaged).toMatchObject([{ reason: "its object is missing" }]);
    const collected = await runCommand("gc", "--dry-run", "--format=json", ...place);
    expect(collected).toMatchObject({ code: 0 });
  });

  test.each([
    ["a bucket that is not there", "no-such-bucket-of-ours", {}, /--blobs: .*NoSuchBucket/],
    ["a wrong secret", undefined, { AWS_SECRET_ACCESS_KEY: "wrong-secret" }, /--blobs: .*SignatureDoesNotMatch/],
    ["no credentials", undefined, { AWS_ACCESS_KEY_ID: "" }, /--blobs: needs AWS_ACCESS_KEY_ID/],
  ] as const)("does not start with %s, and says so in a line", async (_, name, wrong, message) => {
    const { endpoint, env, bucket } = await sharedRadosgw();
    const blobs = `s3://${name ?? (await bucket())}?endpoint=${endpoint}`;
    const starting = startServerOnS3({ blobs, env: { ...env, ...wrong } });
    const said = await starting.then(
      () => "it started",
      (error: Error) => error.message,
    );
    expect(said).toMatch(message);
    expect(said).not.toContain("wrong-secret");
    expect(said).not.toContain(" at ");
  });
});
