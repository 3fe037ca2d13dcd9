import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf } from "../../src/registry/digest.ts";
import { type Connection, send } from "./pusher.ts";
import { seeded } from "./random.ts";
import { ownerAuthorization, type ServerProcess, startServerProcess } from "./server-process.ts";

/** Starts servers, also on a machine that is busy with others. */
setDefaultTimeout(60_000);

const blob = seeded(7).bytes(500_000);
const digest = digestOf(blob);
const half = 250_000;

let folder: string;
let server: ServerProcess;
let connection: Connection;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "waybill-resume-"));
  server = await startServerProcess(join(folder, "data"));
  connection = { origin: server.origin, authorization: await ownerAuthorization(server, join(folder, "data")) };
});
afterEach(async () => {
  await server.kill();
  rmSync(folder, { recursive: true });
});

test("an upload goes on after its connection broke in the middle", async () => {
  const location = await open();
  await sendHalfAndBreak(location);
  await finishFrom(location, await received(location));
}, 30_000);

test.each(["kill", "stop"] as const)(
  "an upload goes on after the server was restarted (%s)",
  async (end) => {
    const location = await open();
    const headers = { "content-range": `0-${half - 1}` };
    expect((await send(connection, location, { method: "PATCH", headers, body: blob.subarray(0, half) })).status).toBe(
      202,
    );
    await server[end]();
    server = await startServerProcess(join(folder, "data"));
    connection = { ...connection, origin: server.origin };
    expect(await received(location)).toBe(half);
    await finishFrom(location, half);
  },
  30_000,
);

async function open(): Promise<string> {
  const answer = await send(connection, "/v2/waybill-admin/image/blobs/uploads/", { method: "POST" });
  return answer.headers.get("location") ?? "";
}

/** Promises everything, sends half of it and hangs up. */
async function sendHalfAndBreak(location: string): Promise<void> {
  const { hostname, port, host } = new URL(connection.origin);
  const socket = connect(Number(port), hostname);
  const head = [`PATCH ${location} HTTP/1.1`, `Host: ${host}`, `Authorization: ${connection.authorization}`];
  socket.write(`${[...head, `Content-Length: ${blob.byteLength}`].join("\r\n")}\r\n\r\n`);
  await new Promise((resolve) => socket.write(blob.subarray(0, half), resolve));
  await Bun.sleep(300);
  socket.resetAndDestroy();
}

/** How many bytes the server says it has: some time after the break, all that were sent. */
async function received(location: string): Promise<number> {
  for (const deadline = Date.now() + 10_000; ; await Bun.sleep(50)) {
    const answer = await send(connection, location);
    expect(answer.status).toBe(204);
    const end = Number(answer.headers.get("range")?.replace("0-", ""));
    if (end > 0 || Date.now() > deadline) return end + 1;
  }
}

async function finishFrom(location: string, start: number): Promise<void> {
  expect(start).toBeGreaterThan(1);
  expect(start).toBeLessThanOrEqual(half);
  const headers = { "content-range": `${start}-${blob.byteLength - 1}` };
  const sent = await send(connection, location, { method: "PATCH", headers, body: blob.subarray(start) });
  expect(sent.status).toBe(202);
  expect((await send(connection, `${location}?digest=${digest}`, { method: "PUT" })).status).toBe(201);
  const stored = await send(connection, `/v2/waybill-admin/image/blobs/${digest}`);
  expect(digestOf(await stored.bytes())).toBe(digest);
}
