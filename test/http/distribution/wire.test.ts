/** What only a socket can do: break off in the middle, and send what no client library would. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../../src/config/config.ts";
import { openDataFolder } from "../../../src/data-folder.ts";
import { type RunningServer, startServer } from "../../../src/server.ts";
import { basic } from "../../server.ts";
import { digestOf, tables } from "./exchanges.ts";

let folder: string;
let data: ReturnType<typeof openDataFolder>;
let server: RunningServer;
let owner: { authorization: string };
let before: unknown;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "waybill-wire-"));
  const path = join(folder, "data");
  const keyFile = join(folder, "owner.json");
  data = openDataFolder(path);
  server = await startServer(parseConfig(["--data", path, "--listen", "127.0.0.1:0", "--admin-key", keyFile]), data);
  owner = basic("_json_key", readFileSync(keyFile, "utf8"));
});
afterAll(async () => {
  await server.stop();
  data.release();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  before = remains();
});

/** How many rows and object files there are. */
function remains(): Record<string, number> {
  const database = new Database(data.metadata, { readonly: true });
  const counts = tables.map((table): [string, number] => [
    table,
    database.query(`select * from ${table}`).all().length,
  ]);
  database.close();
  const entries = readdirSync(data.objects, { recursive: true, withFileTypes: true });
  return { ...Object.fromEntries(counts), files: entries.filter((entry) => entry.isFile()).length };
}

/** How a connection ends: both ways at once, or with a reset. */
type End = "FIN" | "RST" | "stays open";

/** Bytes in all object files. */
function storedBytes(): number {
  const entries = readdirSync(data.objects, { recursive: true, withFileTypes: true });
  const sizes = entries.map((entry) => (entry.isFile() ? statSync(join(entry.parentPath, entry.name)).size : 0));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Waits until so many bytes more are stored: a reset throws away what the server has not read yet. */
async function storedMore(bytes: number): Promise<void> {
  const wanted = storedBytes() + bytes;
  await eventually(() => expect(storedBytes()).toBe(wanted));
}

/** Sends bytes as they are, ends the connection once they arrived, and answers what came back before it closed. */
async function send(text: string, end: End, arrived: Promise<void> = Bun.sleep(30)): Promise<string> {
  const { hostname, port } = new URL(server.origin);
  const { promise, resolve } = Promise.withResolvers<string>();
  let answer = "";
  const socket = connect(Number(port), hostname, () => {
    socket.write(Buffer.from(text, "latin1"), async () => {
      await arrived;
      if (end === "FIN") socket.end();
      if (end === "RST") socket.resetAndDestroy();
    });
  });
  socket.on("data", (bytes) => {
    answer += bytes.toString("latin1");
    if (end === "stays open" && answer.includes("\r\n\r\n")) socket.destroy();
  });
  socket.on("error", () => {});
  socket.on("close", () => resolve(answer));
  return await promise;
}

function request(line: string, headers: Record<string, string>, body = ""): string {
  const all = { host: new URL(server.origin).host, ...owner, ...headers };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `${line} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n${body}`;
}

const uploads = "/v2/waybill-admin/image/blobs/uploads/";

async function openUpload(): Promise<string> {
  const answer = await fetch(`${server.origin}${uploads}`, { method: "POST", headers: owner });
  expect(answer.status).toBe(202);
  return answer.headers.get("location") as string;
}

/** Waits until the server has noticed that a connection ended. */
async function eventually(check: () => unknown): Promise<void> {
  for (let left = 100; ; left--) {
    try {
      return void (await check());
    } catch (error) {
      if (left === 0) throw error;
    }
    await Bun.sleep(20);
  }
}

const whole = "0123456789".repeat(100);
const digest = digestOf(whole);
const half = whole.slice(0, 500);

describe.each(["FIN", "RST"] as const)("a connection that ends with %s in the middle of", (end) => {
  const bodies: [string, Record<string, string>, string][] = [
    ["a body with a length", { "content-length": "1000" }, half],
    ["a chunked body", { "transfer-encoding": "chunked" }, `1f4\r\n${half}\r\n`],
    ["one chunk of a chunked body", { "transfer-encoding": "chunked" }, `3e8\r\n${half}`],
  ];

  test.each(bodies)(
    "a PATCH with %s keeps what arrived, and the upload goes on from there",
    async (_, headers, body) => {
      const location = await openUpload();
      const said = await send(request(`PATCH ${location}`, headers, body), end, storedMore(500));
      expect(said).not.toContain(" 202 ");
      await eventually(async () => {
        const { headers } = await fetch(`${server.origin}${location}`, { headers: owner });
        expect(headers.get("range")).toBe("0-499");
      });
      const rest = { ...owner, "content-range": "500-999" };
      const finished = await fetch(`${server.origin}${location}?digest=${digest}`, {
        method: "PUT",
        headers: rest,
        body: whole.slice(500),
      });
      expect(finished.status).toBe(201);
      await removeBlob();
    },
  );

  test.each(bodies)("a PUT with %s makes no blob, and the upload goes on from there", async (_, headers, body) => {
    const location = await openUpload();
    const said = await send(request(`PUT ${location}?digest=${digest}`, headers, body), end, storedMore(500));
    expect(said).not.toContain(" 201 ");
    await eventually(async () => {
      const { headers } = await fetch(`${server.origin}${location}`, { headers: owner });
      expect(headers.get("range")).toBe("0-499");
    });
    const blob = await fetch(`${server.origin}/v2/waybill-admin/image/blobs/${digest}`, { headers: owner });
    expect(blob.status).toBe(404);
    expect((await fetch(`${server.origin}${location}`, { method: "DELETE", headers: owner })).status).toBe(204);
    expect(remains()).toEqual(before as never);
  });

  test.each(bodies)(
    "a POST of a whole blob with %s leaves nothing: nobody knows its upload",
    async (_, headers, body) => {
      const said = await send(request(`POST ${uploads}?digest=${digest}`, headers, body), end);
      expect(said).not.toContain(" 201 ");
      await eventually(() => expect(remains()).toEqual(before as never));
    },
  );

  test.each(bodies)("a manifest with %s leaves nothing", async (_, headers, body) => {
    const type = { "content-type": "application/vnd.oci.image.index.v1+json" };
    const said = await send(request("PUT /v2/waybill-admin/image/manifests/cut", { ...headers, ...type }, body), end);
    expect(said).not.toContain(" 201 ");
    await Bun.sleep(50);
    expect(remains()).toEqual(before as never);
  });
});

/** Blobs that tests made, so that the next one counts from the same start. */
async function removeBlob(): Promise<void> {
  const answer = await fetch(`${server.origin}/v2/waybill-admin/image/blobs/${digest}`, {
    method: "DELETE",
    headers: owner,
  });
  expect(answer.status).toBe(202);
}

describe("a request line or header that no client library sends", () => {
  const rows: [string, () => string, RegExp][] = [
    ["climbs with dots", () => request("GET /v2/../../../etc/passwd", {}), / 40[04] /],
    ["climbs with encoded dots", () => request("GET /v2/%2e%2e/%2e%2e/etc/passwd", {}), / 40[04] /],
    ["climbs inside a name", () => request("GET /v2/waybill-admin/../../metadata.sqlite/tags/list", {}), / 40[04] /],
    ["climbs with backslashes", () => request("GET /v2/waybill-admin\\..\\..\\image/tags/list", {}), / 40[04] /],
    ["begins with two slashes", () => request("GET //v2/", {}), / 40[04] /],
    ["has a zero byte in its path", () => request("GET /v2/waybill-admin/im\0age/tags/list", {}), / (400|505) /],
    ["has raw bytes in its path", () => request("GET /v2/waybill-admin/im\xffage/tags/list", {}), / 400 /],
    [
      "has two lengths",
      () => request(`POST ${uploads}`, { "content-length": "0", "Content-Length ": "5" }, "abcde"),
      / 400 /,
    ],
    [
      "has a length and chunks",
      () => request(`POST ${uploads}`, { "content-length": "5", "transfer-encoding": "chunked" }, "0\r\n\r\n"),
      / 400 /,
    ],
    ["has a negative length", () => request(`POST ${uploads}`, { "content-length": "-1" }), / 400 /],
    ["has a length in words", () => request(`POST ${uploads}`, { "content-length": "many" }), / 400 /],
    ["is no HTTP", () => "hello\r\n\r\n", /^$| 400 /],
  ];
  test.each(rows)("that %s is refused, and leaves nothing", async (_, text, status) => {
    expect((await send(text(), "stays open")).split("\r\n")[0] as string).toMatch(status);
    expect(remains()).toEqual(before as never);
    const answer = await fetch(`${server.origin}/v2/`, { headers: owner });
    expect(answer.status).toBe(200);
  });
});

test("a stranger is refused before the body is sent", async () => {
  const text = request(`POST ${uploads}?digest=${digest}`, {
    authorization: "Bearer wba_nothing",
    "content-length": "1000000000",
    expect: "100-continue",
  });
  expect((await send(text, "stays open")).split("\r\n")[0]).not.toContain(" 201 ");
  expect(remains()).toEqual(before as never);
});

test("a blob arrives over the socket as it was sent, whole and in part, with and without a body", async () => {
  const pushed = await fetch(`${server.origin}${uploads}?digest=${digest}`, {
    method: "POST",
    headers: owner,
    body: whole,
  });
  expect(pushed.status).toBe(201);
  const at = `${server.origin}/v2/waybill-admin/image/blobs/${digest}`;
  expect(await (await fetch(at, { headers: owner })).text()).toBe(whole);
  const part = await fetch(at, { headers: { ...owner, range: "bytes=10-19" } });
  expect([part.status, part.headers.get("content-range"), part.headers.get("content-length")]).toEqual([
    206,
    "bytes 10-19/1000",
    "10",
  ]);
  expect(await part.text()).toBe("0123456789");
  const head = await send(request(`HEAD /v2/waybill-admin/image/blobs/${digest}`, {}), "stays open");
  expect(head).toMatch(/content-length: 1000\r\n/i);
  expect(head).toEndWith("\r\n\r\n");
  expect(head).not.toMatch(new RegExp(data.objects));
  const dispositions = head.match(/content-disposition: [^\r]*/gi);
  expect(dispositions).toEqual([expect.stringMatching(/: attachment$/)]);
  await removeBlob();
});

test("a client that is refused may send to its end, and hears why instead of a broken pipe", async () => {
  const { host, hostname, port } = new URL(server.origin);
  const piece = Buffer.alloc(64 * 1024);
  const pieces = 16;
  let sent = 0;
  const outcome = await new Promise<string>((resolve) => {
    const socket = connect(Number(port), hostname);
    let answer = "";
    socket.on("data", (bytes) => {
      answer += bytes;
    });
    socket.on("error", (error) => resolve(`${error.message} after: ${answer}`));
    socket.on("close", () => resolve(answer));
    const head = [
      `PATCH /v2/my-project/image/blobs/uploads/${"0".repeat(32)} HTTP/1.1`,
      `Host: ${host}`,
      `Authorization: ${owner.authorization}`,
      "Connection: close",
      `Content-Length: ${pieces * piece.byteLength}`,
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    (async () => {
      for (; sent < pieces && !socket.destroyed; sent++) {
        await Bun.sleep(20);
        socket.write(piece);
      }
    })();
  });
  expect(outcome).toStartWith("HTTP/1.1 404");
  expect(outcome).toContain("BLOB_UPLOAD_UNKNOWN");
  expect(sent).toBe(pieces);
});
