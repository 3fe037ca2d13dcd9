import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { digestOf } from "../../src/registry/digest.ts";
import { type Connection, send } from "./pusher.ts";
import { seeded } from "./random.ts";
import { ownerAuthorization, startServerProcess } from "./server-process.ts";
import { parseTrace, type SystemCall } from "./system-calls.ts";

// What the kernel was asked, in which order: a 201 goes out only after the object, its folder and the database's log were
// synced, each after the last byte that was written to it.

const missing = Bun.which("strace") ? undefined : "skipped: needs strace";
if (missing) console.error(`${missing}: the order of syncs and answers`);
const folder = mkdtempSync(join(tmpdir(), "waybill-strace-"));
afterAll(() => rmSync(folder, { recursive: true }));

const repository = "/v2/waybill-admin/image";
const blob = seeded(1).bytes(300_000);
const digest = digestOf(blob);

const pushes: [string, (to: Connection) => Promise<Response>][] = [
  [
    "POST with everything",
    (to) => send(to, `${repository}/blobs/uploads/?digest=${digest}`, { method: "POST", body: blob }),
  ],
  [
    "POST, PATCH and PUT",
    async (to) => {
      const opened = await send(to, `${repository}/blobs/uploads/`, { method: "POST" });
      const sent = await send(to, opened.headers.get("location") ?? "", { method: "PATCH", body: blob });
      return await send(to, `${sent.headers.get("location")}?digest=${digest}`, { method: "PUT" });
    },
  ],
];

test.skipIf(missing !== undefined).each(pushes)(
  `%s: object, folder and log are synced before the 201${missing ? ` (${missing})` : ""}`,
  async (name, push) => {
    const [data, trace] = [join(folder, name), join(folder, `${name}.trace`)];
    const filter = "trace=fsync,fdatasync,write,pwrite64,writev,pwritev,sendto,sendmsg";
    // -D: the server is our child, and strace its.
    const strace = ["strace", "-D", "-f", "-y", "-qq", "-s", "5000", "-e", filter, "-e", "signal=none", "-o", trace];
    const server = await startServerProcess(data, strace);
    const answer = await push({ origin: server.origin, authorization: await ownerAuthorization(server, data) });
    expect(answer.status).toBe(201);
    await server.stop();

    const calls = parseTrace(readFileSync(trace, "utf8"));
    const answered = calls.find(({ text }) => text.includes("HTTP/1.1 201")) as SystemCall;
    expect(answered).toBeDefined();
    const object = calls.findLast(
      ({ path, isWrite, ended }) => isWrite && ended < answered.begun && isObject(path),
    )?.path;
    expect(object).toBeDefined();
    const log = join(data, "metadata.sqlite-wal");
    for (const path of [object, join(`${object}`, ".."), log]) {
      const written = calls.filter(
        (call) =>
          call.isWrite &&
          call.path === path &&
          call.begun < answered.begun &&
          // Others write to the log as well, when they like: the rows of this push name its object.
          (path !== log || call.text.includes(basename(`${object}`))),
      );
      if (path === log) expect(written).not.toEqual([]);
      const lastByte = Math.max(0, ...written.map(({ ended }) => ended));
      const synced = calls.some(
        (call) => call.isSync && call.path === path && call.begun > lastByte && call.ended < answered.begun,
      );
      expect({ path, synced }).toEqual({ path, synced: true });
    }
  },
  60_000,
);

function isObject(path: string): boolean {
  return /\/objects\/[0-9a-f]{2}\/[0-9a-f]{32}$/.test(path);
}
