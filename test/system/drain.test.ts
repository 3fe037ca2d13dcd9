import { expect, test } from "bun:test";
import { connect } from "node:net";
import { startProgram, until } from "./running-server.ts";
import { pushBlob } from "./stored-blob.ts";

const limit = 60_000;
/** More than the kernel keeps for a connection, on both sides together. */
const blobBytes = 64 * 1024 * 1024;

/** Whether a new connection is refused. */
async function isClosed(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(false);
    });
    socket.once("error", () => resolve(true));
  });
}

test(
  "after SIGTERM a download that is under way finishes, nothing new is let in, and the exit code is 0",
  async () => {
    await using server = await startProgram(["--listen=127.0.0.1:0", "--drain-seconds=50"]);
    const { url, headers, digest } = await pushBlob(server, blobBytes);
    const hash = new Bun.CryptoHasher("sha256");
    const reader = (await fetch(url, { headers })).body?.getReader();
    hash.update((await reader?.read())?.value ?? "");
    server.child.kill("SIGTERM");
    const port = Number(new URL(server.origin).port);
    await until(async () => (await isClosed(port)) || undefined);
    expect(server.child.exitCode).toBeNull();
    for (let part = await reader?.read(); part?.value; part = await reader?.read()) hash.update(part.value);
    expect(`sha256:${hash.digest("hex")}`).toBe(digest);
    expect(await server.child.exited).toBe(0);
  },
  limit,
);

test(
  "a download that does not move holds up the end for as long as --drain-seconds, and no longer",
  async () => {
    await using server = await startProgram(["--listen=127.0.0.1:0", "--drain-seconds=1"]);
    const { url, headers } = await pushBlob(server, blobBytes);
    const reader = (await fetch(url, { headers })).body?.getReader();
    await reader?.read();
    server.child.kill("SIGTERM");
    expect(await server.child.exited).toBe(0);
    await reader?.cancel().catch(() => {});
  },
  limit,
);
