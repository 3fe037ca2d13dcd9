import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

// A real server and raw sockets: what is tested is the runtime's own clock. Each of these takes its time; they run side by side.

const stallSeconds = 8;
let folder: string;
let child: Bun.Subprocess<"ignore", "pipe", "inherit">;
let origin: URL;
let authorization: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "waybill-slow-"));
  const key = join(folder, "owner.json");
  const options = ["--listen", "127.0.0.1:0", "--data", join(folder, "data"), "--admin-key", key];
  const program = [process.execPath, join(import.meta.dir, "../../src/main.ts"), "serve", ...options];
  child = Bun.spawn([...program, "--stall-timeout", String(stallSeconds)], { stdout: "pipe", stdin: "ignore" });
  const { value = "" } = await child.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  origin = new URL(value.replace("ready: ", "").trim());
  authorization = `Basic ${btoa(`_json_key:${readFileSync(key, "utf8")}`)}`;
});
afterAll(async () => {
  child.kill();
  await child.exited;
  rmSync(folder, { recursive: true });
});

/** Opens an upload and begins a PATCH of `length` bytes; answers the socket and what comes back. */
async function beginUpload(length: number) {
  const opened = await fetch(`${origin}v2/waybill-admin/slow/blobs/uploads/`, {
    method: "POST",
    headers: { authorization },
  });
  expect(opened.status).toBe(202);
  const socket = connect(Number(origin.port), "127.0.0.1");
  let answer = "";
  socket.on("data", (bytes) => {
    answer += bytes;
  });
  const startedAt = Date.now();
  const closed = new Promise<number>((resolve) => socket.once("close", () => resolve((Date.now() - startedAt) / 1000)));
  socket.on("error", () => {});
  const head = [
    `PATCH ${opened.headers.get("location")} HTTP/1.1`,
    `Host: ${origin.host}`,
    `Authorization: ${authorization}`,
    `Content-Length: ${length}`,
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  return { socket, closed, answer: () => answer };
}

describe.concurrent("an upload", () => {
  test("that creeps is not cut while it moves, however slowly", async () => {
    const bytes = 12;
    const { socket, answer } = await beginUpload(bytes);
    for (let sent = 0; sent < bytes; sent++) {
      socket.write("x");
      await Bun.sleep(1500);
    }
    expect(answer()).toStartWith("HTTP/1.1 202");
    expect(answer()).toContain(`Range: 0-${bytes - 1}\r\n`);
    socket.destroy();
  }, 40_000);

  test("that stalls is cut, in the middle or before its first byte", async () => {
    const [stalled, silent] = await Promise.all([beginUpload(1000), beginUpload(1000)]);
    stalled.socket.write("x".repeat(10));
    for (const seconds of await Promise.all([stalled.closed, silent.closed])) {
      // The runtime's clock ticks every four seconds.
      expect(seconds).toBeGreaterThan(stallSeconds - 5);
      expect(seconds).toBeLessThan(stallSeconds + 10);
    }
  }, 40_000);
});
