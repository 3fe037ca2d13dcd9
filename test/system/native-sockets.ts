/** Sockets that Bun has no words for, from the C library: a service manager's side of things. Linux only. */
import { dlopen, ptr } from "bun:ffi";

const { symbols: c } = dlopen("libc.so.6", {
  socket: { args: ["i32", "i32", "i32"], returns: "i32" },
  bind: { args: ["i32", "ptr", "u32"], returns: "i32" },
  listen: { args: ["i32", "i32"], returns: "i32" },
  getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
  recv: { args: ["i32", "ptr", "u64", "i32"], returns: "i64" },
  clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
  close: { args: ["i32"], returns: "i32" },
});

/** CLOCK_MONOTONIC, in microseconds. */
export function monotonicMicroseconds(): bigint {
  const time = new BigInt64Array(2);
  check(c.clock_gettime(1, ptr(time)), "clock_gettime");
  return (time[0] ?? 0n) * 1_000_000n + (time[1] ?? 0n) / 1000n;
}

function check(result: number, what: string): number {
  if (result < 0) throw new Error(`${what} failed`);
  return result;
}

/** A listening TCP socket on a free port of an address, as a service manager hands it over. */
export function listeningSocket(host = "127.0.0.1"): Disposable & { readonly fd: number; readonly port: number } {
  const fd = check(c.socket(2, 1, 0), "socket");
  const address = Buffer.from([2, 0, 0, 0, ...host.split(".").map(Number), 0, 0, 0, 0, 0, 0, 0, 0]);
  check(c.bind(fd, ptr(address), address.length), "bind");
  check(c.listen(fd, 64), "listen");
  const length = Buffer.from([address.length, 0, 0, 0]);
  check(c.getsockname(fd, ptr(address), ptr(length)), "getsockname");
  return { fd, port: address.readUInt16BE(2), [Symbol.dispose]: () => c.close(fd) };
}

/** A datagram socket at a path (`@` in front: an abstract name), and the messages that came. */
export function notifySocket(path: string): Disposable & { messages(): string[] } {
  const fd = check(c.socket(1, 2, 0), "socket");
  const name = Buffer.from(path.startsWith("@") ? `\0${path.slice(1)}` : `${path}\0`);
  const address = Buffer.concat([Buffer.from([1, 0]), name]);
  check(c.bind(fd, ptr(address), address.length), "bind");
  const buffer = Buffer.alloc(4096);
  const got: string[] = [];
  return {
    messages() {
      const doNotWait = 0x40;
      for (;;) {
        const length = Number(c.recv(fd, ptr(buffer), BigInt(buffer.length), doNotWait));
        if (length < 0) return got;
        got.push(buffer.toString("utf8", 0, length));
      }
    },
    [Symbol.dispose]: () => c.close(fd),
  };
}
