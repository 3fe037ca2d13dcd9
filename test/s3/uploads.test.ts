import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { radosgwMissing } from "../radosgw.ts";
import { type ServerOnS3, startServerOnS3 } from "./server-on-s3.ts";

setDefaultTimeout(900_000);

const mebibyte = 1024 * 1024;
/** `npm run test:s3` sends a GiB each. */
const uploadBytes = Number(process.env.WAYBILL_S3_UPLOAD_MIB ?? 40) * mebibyte;
const uploads = 5;

const missing = radosgwMissing();
if (missing) console.error(`${missing}: large uploads to S3`);

describe.skipIf(missing !== undefined)(`large uploads to S3${missing ? ` (${missing})` : ""}`, () => {
  let server: ServerOnS3;
  beforeAll(async () => {
    server = await startServerOnS3();
  });
  afterAll(async () => void (await server?.stop()));

  test(`${uploads} at a time hold little memory, and come out as they went in`, async () => {
    const before = peakMebibytes(server.child.pid);
    const digests = await Promise.all(Array.from({ length: uploads }, (_, seed) => upload(server, seed)));
    const peak = peakMebibytes(server.child.pid);
    console.error(
      `${uploads} uploads of ${uploadBytes / mebibyte} MiB: ${peak} MiB resident at most, ${before} before`,
    );
    for (const digest of digests) {
      const answer = await server.fetch(`/v2/my-project/image/blobs/${digest}`);
      const hasher = new Bun.CryptoHasher("sha256");
      for await (const bytes of answer.body as ReadableStream<Uint8Array>) hasher.update(bytes);
      expect(`sha256:${hasher.digest("hex")}`).toBe(digest);
    }
    console.error(`after reading them: ${peakMebibytes(server.child.pid)} MiB`);
    expect(peakMebibytes(server.child.pid)).toBeLessThan(before + 300);
  });
});

async function upload(server: ServerOnS3, seed: number): Promise<string> {
  const begun = await server.fetch("/v2/my-project/image/blobs/uploads/", { method: "POST" });
  const location = begun.headers.get("location") as string;
  const hasher = new Bun.CryptoHasher("sha256");
  const patched = await server.fetch(location, { method: "PATCH", body: bytesOf(seed, hasher) });
  expect({ status: patched.status, text: await patched.text() }).toEqual({ status: 202, text: "" });
  const digest = `sha256:${hasher.digest("hex")}`;
  const ended = await server.fetch(`${location}?digest=${digest}`, { method: "PUT" });
  expect(ended.status).toBe(201);
  return digest;
}

function bytesOf(seed: number, hasher: Bun.CryptoHasher): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent === uploadBytes) return controller.close();
      const piece = Buffer.alloc(mebibyte / 4, `${seed} ${sent} `);
      hasher.update(piece);
      sent += piece.byteLength;
      controller.enqueue(piece);
    },
  });
}

/** The most memory that a process has had. */
function peakMebibytes(pid: number): number {
  const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Math.round(Number(kibibytes) / 1024);
}
