import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { openServiceNotices } from "../../src/system/service-notices.ts";
import { listeningSocket, monotonicMicroseconds, notifySocket } from "./native-sockets.ts";
import { startProgram, temporaryFolder, until } from "./running-server.ts";
import { pushBlob } from "./stored-blob.ts";

const limit = 60_000;
const isLinux = process.platform === "linux";

describe.if(isLinux)("what the service manager is told", () => {
  test(
    "is when requests are answered, that settings are read again, signs of life, and the end",
    async () => {
      using folder = temporaryFolder();
      const path = join(folder.path, "notify.sock");
      using socket = notifySocket(path);
      await using server = await startProgram(["--listen=127.0.0.1:0"], {
        NOTIFY_SOCKET: path,
        WATCHDOG_USEC: "200000",
      });
      const heard = (line: string) => until(() => socket.messages().find((text) => text.split("\n").includes(line)));
      await heard("READY=1");
      await heard("WATCHDOG=1");
      const before = monotonicMicroseconds();
      server.child.kill("SIGHUP");
      const reloading = await heard("RELOADING=1");
      expect(BigInt(/^MONOTONIC_USEC=(\d+)$/m.exec(reloading)?.[1] ?? 0)).toBeGreaterThanOrEqual(before);
      await until(() => socket.messages().filter((text) => text.startsWith("READY=1")).length === 2 || undefined);
      expect(await server.stop()).toBe(0);
      expect(
        socket
          .messages()
          .filter((text) => text !== "WATCHDOG=1\n")
          .map((text) => text.split("\n")[0]),
      ).toEqual(["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"]);
    },
    limit,
  );

  test("also goes to an abstract socket", () => {
    const name = `@waybill-test-${process.pid}`;
    using socket = notifySocket(name);
    openServiceNotices({ NOTIFY_SOCKET: name }, (error) => {
      throw error;
    }).ready();
    expect(socket.messages()).toEqual(["READY=1\nSTATUS=Requests are answered.\n"]);
  });

  test("is nothing without NOTIFY_SOCKET, and no failure of a server when nobody listens", () => {
    const sent: string[] = [];
    const send = (_path: string, text: string) => void sent.push(text);
    openServiceNotices({ WATCHDOG_USEC: "1000" }, () => {}, send).ready();
    expect(sent).toEqual([]);
    const failures: unknown[] = [];
    openServiceNotices({ NOTIFY_SOCKET: "/nonexistent/notify" }, (error) => failures.push(error)).ready();
    expect(failures).toHaveLength(1);
  });

  test("has no signs of life for a watchdog of another process", async () => {
    const sent: string[] = [];
    const send = (_path: string, text: string) => void sent.push(text);
    const env = { NOTIFY_SOCKET: "/x", WATCHDOG_USEC: "2000" };
    const others = openServiceNotices({ ...env, WATCHDOG_PID: "1" }, () => {}, send);
    const ours = openServiceNotices({ ...env, WATCHDOG_PID: String(process.pid) }, () => {}, send);
    await until(() => sent[1]);
    ours.close();
    const count = sent.length;
    await Bun.sleep(20);
    expect(sent.length).toBe(count);
    others.close();
  });
});

describe.if(isLinux)("a socket that a service manager opened", () => {
  const activated = ["sh", "-c", 'LISTEN_PID=$$ exec "$0" "$@"'];

  test(
    "is served, with the address of whoever connects, and drained like one of our own",
    async () => {
      using socket = listeningSocket();
      const env = { LISTEN_FDS: "1" };
      await using server = await startProgram(["--listen=127.0.0.1:1"], env, activated, [socket.fd]);
      expect(server.origin).toBe(`http://127.0.0.1:${socket.port}`);
      const { url, headers, digest } = await pushBlob(server, 3 * 1024 * 1024);
      const bytes = await (await fetch(url, { headers })).bytes();
      expect(`sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`).toBe(digest);
      expect(await server.stop()).toBe(0);
    },
    limit,
  );

  test(
    "is refused where it would carry credentials in clear",
    async () => {
      using socket = listeningSocket("0.0.0.0");
      const started = startProgram([], { LISTEN_FDS: "1" }, activated, [socket.fd]);
      await expect(started).rejects.toThrow(/would send credentials in clear/);
    },
    limit,
  );

  test(
    "of another process is none of ours",
    async () => {
      using socket = listeningSocket();
      const env = { LISTEN_FDS: "1", LISTEN_PID: "1" };
      await using server = await startProgram(["--listen=127.0.0.1:0"], env, [], [socket.fd]);
      expect(new URL(server.origin).port).not.toBe(String(socket.port));
    },
    limit,
  );
});
