import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { digestOf } from "../http/distribution/exchanges.ts";
import { type Gateway, radosgwMissing, sharedRadosgw } from "../radosgw.ts";
import { type ServerOnS3, startServerOnS3 } from "./server-on-s3.ts";

setDefaultTimeout(300_000);

/** `npm run test:s3` cuts the store off for 20 s; here it comes back once everybody was told. */
const outageMilliseconds = Number(process.env.WAYBILL_S3_OUTAGE_SECONDS ?? 0) * 1000;
const mebibyte = 1024 * 1024;
const uploads = "/v2/my-project/image/blobs/uploads/";

const isLong = outageMilliseconds > 0;

/** What may happen to a store, and what ends it. */
const outages: [
  string,
  boolean,
  (gateway: Gateway) => Promise<void> | void,
  (gateway: Gateway) => Promise<void> | void,
][] = [
  ["takes requests and says nothing", true, (gateway) => gateway.hang(), (gateway) => gateway.proceed()],
  ["is not there", false, (gateway) => gateway.stop(), (gateway) => gateway.restart()],
];

const missing = radosgwMissing();
if (missing) console.error(`${missing}: an S3 store that is cut off`);

describe.skipIf(missing !== undefined)(`an S3 store that is cut off${missing ? ` (${missing})` : ""}`, () => {
  const servers: ServerOnS3[] = [];
  afterAll(async () => {
    const { env } = await sharedRadosgw();
    for (const { stderr } of await Promise.all(servers.map((server) => server.stop()))) {
      // Why blobs were refused is in the log; with what the store is asked is not.
      expect(stderr).toContain("the store does not answer");
      for (const secret of [env.AWS_SECRET_ACCESS_KEY, "Signature"]) expect(stderr).not.toContain(secret);
    }
  });

  test.concurrent.each(outages)(
    "%s: clients are told to come again, and go on when it is back",
    async (_, isHung, cut, mend) => {
      const gateway = await (await sharedRadosgw()).gateway();
      const server = await startServerOnS3({ endpoint: gateway.endpoint });
      servers.push(server);
      const [stored, large] = [Buffer.from(`stored ${crypto.randomUUID()}`), someBytes(20 * mebibyte)];
      const blob = `/v2/my-project/image/blobs/${digestOf(stored)}`;
      expect((await server.fetch(`${uploads}?digest=${digestOf(stored)}`, post(stored))).status).toBe(201);
      const location = (await server.fetch(uploads, { method: "POST" })).headers.get("location") as string;
      const patch = (bytes: Uint8Array<ArrayBuffer>) => server.fetch(location, { method: "PATCH", body: bytes });
      expect((await patch(large.subarray(0, 10 * mebibyte))).status).toBe(202);

      const begun = Date.now();
      await cut(gateway);
      const refused = await Promise.all([
        server.fetch(blob),
        server.fetch(blob, { method: "HEAD" }),
        server.fetch(`${uploads}?digest=${digestOf("new")}`, post(Buffer.from("new"))),
        // A store that hangs has as long as a part may take.
        ...(isLong || !isHung ? [patch(large.subarray(10 * mebibyte))] : []),
      ]);
      for (const answer of refused) {
        expect({ status: answer.status, again: answer.headers.get("retry-after") }).toEqual({
          status: 503,
          again: "5",
        });
        expect(await answer.text()).not.toContain(gateway.endpoint);
      }
      // What needs no blob goes on.
      expect((await server.fetch("/v2/my-project/image/tags/list")).status).toBe(200);
      await Bun.sleep(Math.max(0, begun + outageMilliseconds - Date.now()));
      await mend(gateway);

      await until(async () => (await server.fetch(blob)).status === 200);
      expect(await (await server.fetch(blob)).text()).toBe(stored.toString());
      const { headers } = await server.fetch(location);
      const arrived = Number(headers.get("range")?.split("-")[1]) + 1;
      expect(arrived).toBeGreaterThanOrEqual(10 * mebibyte);
      expect((await patch(large.subarray(arrived))).status).toBe(202);
      expect((await server.fetch(`${location}?digest=${digestOf(large)}`, { method: "PUT" })).status).toBe(201);
      const read = await (await server.fetch(`/v2/my-project/image/blobs/${digestOf(large)}`)).bytes();
      expect(digestOf(read)).toBe(digestOf(large));
    },
  );
});

function post(body: Uint8Array<ArrayBuffer>): RequestInit {
  return { method: "POST", body };
}

function someBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await Bun.sleep(200);
}
