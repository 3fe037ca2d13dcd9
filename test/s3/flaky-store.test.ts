import { beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { newObjectKey } from "../../src/storage/blobs/blob-store.ts";
import { s3Connection } from "../../src/storage/blobs/open-s3.ts";
import { S3Blobs } from "../../src/storage/blobs/s3.ts";
import { S3Health } from "../../src/storage/blobs/s3-health.ts";
import type { S3Connection } from "../../src/storage/blobs/s3-request.ts";
import { digestOf } from "../http/distribution/exchanges.ts";
import { radosgwMissing, sharedRadosgw } from "../radosgw.ts";

setDefaultTimeout(180_000);

const mebibyte = 1024 * 1024;
const missing = radosgwMissing();
if (missing) console.error(`${missing}: S3 over a bad line`);

type Fetch = S3Connection["fetch"];

/** Changes what comes back for some requests: those that are like this, so many times. */
const some =
  (
    isMeant: (url: URL, init: RequestInit) => boolean,
    times: number,
    change: (real: () => Promise<Response>) => Promise<Response>,
  ) =>
  (real: Fetch): Fetch => {
    let left = times;
    return async (url, init) => {
      if (left === 0 || !isMeant(new URL(url), init)) return await real(url, init);
      left--;
      return await change(() => real(url, init));
    };
  };

const isGet = (_: URL, { method }: RequestInit) => method === "GET";
const isPart = (url: URL, { method }: RequestInit) => method === "PUT" && url.searchParams.has("partNumber");
const isCompletion = (url: URL, { method }: RequestInit) => method === "POST" && url.searchParams.has("uploadId");
const refuse = (status: number, code: string) => async () =>
  new Response(`<Error><Code>${code}</Code></Error>`, { status });

/** The answer with its first bytes only, and then an error. */
async function brokenOff(real: () => Promise<Response>): Promise<Response> {
  const { status, headers, body } = await real();
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  let pieces = 0;
  const broken = new ReadableStream({
    async pull(controller) {
      const { value } = await reader.read();
      if (pieces++ < 3 && value) return controller.enqueue(value);
      controller.error(new Error("the line is cut"));
    },
  });
  return new Response(broken, { status, headers });
}

describe.skipIf(missing !== undefined)(`S3 over a bad line${missing ? ` (${missing})` : ""}`, () => {
  let address: string;
  let env: Record<string, string>;
  const bytes = crypto.getRandomValues(Buffer.alloc(65_536)).toString("latin1").repeat(150);
  const large = new Uint8Array(Buffer.from(bytes, "latin1"));
  beforeAll(async () => {
    const radosgw = await sharedRadosgw();
    env = { ...radosgw.env };
    address = `s3://${await radosgw.bucket()}?endpoint=${radosgw.endpoint}`;
  });

  /** A store over the line, and how long it paused between tries. */
  function over(line: (real: Fetch) => Fetch = (real) => real) {
    const pauses: number[] = [];
    const connection: S3Connection = {
      ...s3Connection(address, undefined, env),
      health: new S3Health(Date.now),
      fetch: line((url, init) => fetch(url, init)),
      sleep: async (milliseconds) => void pauses.push(milliseconds),
    };
    return { store: new S3Blobs(connection), pauses };
  }

  async function write(store: S3Blobs) {
    const key = newObjectKey();
    const writer = await store.append(key, 0);
    for (let at = 0; at < large.byteLength; at += mebibyte) await writer.write([large.slice(at, at + mebibyte)]);
    await writer.close();
    return await store.commit(key, large.byteLength);
  }

  async function digestAt(key: string, store = over().store): Promise<string> {
    return digestOf(await (await store.read(key)).bytes());
  }

  test("an object whose reading breaks off goes on from there", async () => {
    const { key } = await write(over().store);
    expect(await digestAt(key, over(some(isGet, 2, brokenOff)).store)).toBe(digestOf(large));
    const middle = await over(some(isGet, 1, brokenOff)).store.read(key, mebibyte, 9 * mebibyte);
    expect(digestOf(await middle.bytes())).toBe(digestOf(large.subarray(mebibyte, 9 * mebibyte)));
  });

  test("an object that cannot be read to its end is an error, and not a short object", async () => {
    const { key } = await write(over().store);
    const reading = digestAt(key, over(some(isGet, 100, brokenOff)).store);
    expect(reading).rejects.toMatchObject({ code: "StoreAway" });
  });

  test("an answer that is not what was asked for is an error", async () => {
    const { key } = await write(over().store);
    const withoutLength = some(isGet, 9, async (real) => new Response((await real()).body));
    expect(over(withoutLength).store.read(key)).rejects.toMatchObject({ code: "NoLength" });
    const whole = some(
      isGet,
      9,
      async () => new Response(large, { headers: { "content-length": String(large.byteLength) } }),
    );
    expect(over(whole).store.read(key, 5, 10)).rejects.toMatchObject({ code: "NoRange" });
    const blind = some(
      (_, { method }) => method === "HEAD",
      9,
      async () => new Response(null),
    );
    expect(over(blind).store.stat(key)).rejects.toMatchObject({ code: "NoLength" });
  });

  test("a store that is busy is asked again, later each time; one that refuses is not", async () => {
    const busy = over(some(isPart, 3, refuse(503, "SlowDown")));
    expect(await digestAt((await write(busy.store)).key)).toBe(digestOf(large));
    expect(busy.pauses).toHaveLength(3);
    for (const [index, pause] of busy.pauses.entries()) expect(pause).toBeGreaterThanOrEqual(50 * 2 ** index);
    const refused = over(some(isPart, 3, refuse(403, "AccessDenied")));
    expect(write(refused.store)).rejects.toMatchObject({ code: "AccessDenied", status: 403 });
    expect(refused.pauses).toEqual([]);
  });

  test("an object whose completion was not heard of is there, and is not taken for what was written until it is read", async () => {
    const unheard = some(isCompletion, 1, async (real) => {
      await (await real()).text();
      throw new Error("the line is cut");
    });
    expect(await digestAt((await write(over(unheard).store)).key)).toBe(digestOf(large));
    // Other stores than this one do not remember what they completed.
    const forgotten = some(isCompletion, 1, async (real) => {
      await (await real()).text();
      return await refuse(404, "NoSuchUpload")();
    });
    const object = await write(over(forgotten).store);
    expect(object.isOurs).toBe(false);
    expect(await digestAt(object.key)).toBe(digestOf(large));
  });

  test("a completion that says 200 and fails has failed", async () => {
    const failing = some(isCompletion, 1, refuse(200, "InternalError"));
    expect(write(over(failing).store)).rejects.toMatchObject({ code: "InternalError" });
  });
});
