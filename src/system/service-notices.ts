import { dlopen } from "bun:ffi";

/** What a service manager is told: systemd's sd_notify(3), or nobody. */
export interface ServiceNotices {
  ready(): void;
  /** Settings are read again: between this and `ready` the service is reloading. */
  reloading(): void;
  stopping(): void;
  /** No more signs of life. */
  close(): void;
}

/** One datagram to the socket of this path; `@` in front stands for the abstract name. Throws when it cannot be sent. */
export type SendDatagram = (path: string, text: string) => void;

/**
 * Speaks to the manager that NOTIFY_SOCKET names. With WATCHDOG_USEC it gives a sign of life twice in that time, as
 * sd_watchdog_enabled(3) asks for: from a timer, so that a process whose event loop hangs gives none.
 */
export function openServiceNotices(
  { NOTIFY_SOCKET: path, WATCHDOG_USEC: period, WATCHDOG_PID: pid }: Readonly<Record<string, string | undefined>>,
  log: (error: unknown, message: string) => void,
  send: SendDatagram = sendDatagram,
): ServiceNotices {
  if (path === undefined || !/^[@/]/.test(path)) return { ready() {}, reloading() {}, stopping() {}, close() {} };
  const tell = (...lines: string[]) => {
    try {
      send(path, lines.map((line) => `${line}\n`).join(""));
    } catch (error) {
      log(error, "the service manager cannot be told");
    }
  };
  const watched = Number(period) > 0 && (pid === undefined || Number(pid) === process.pid);
  const watchdog = watched ? setInterval(() => tell("WATCHDOG=1"), Number(period) / 2000) : undefined;
  return {
    ready: () => tell("READY=1", "STATUS=Requests are answered."),
    // systemd compares the time with its own clock, to tell this reload from an earlier one (Type=notify-reload).
    reloading: () => tell("RELOADING=1", `MONOTONIC_USEC=${monotonicMicroseconds()}`),
    stopping: () => tell("STOPPING=1", "STATUS=What is in flight is finished."),
    close: () => clearInterval(watchdog),
  };
}

/** The runtime has no datagrams over Unix sockets; the C library has. */
function sendDatagram(path: string, text: string): void {
  const [AF_UNIX, SOCK_DGRAM, SOCK_CLOEXEC, MSG_NOSIGNAL] = [1, 2, 0o2000000, 0x4000];
  const { symbols } = openLibrary();
  const name = Buffer.from(path.startsWith("@") ? `\0${path.slice(1)}` : `${path}\0`);
  const address = Buffer.concat([Buffer.from([AF_UNIX, 0]), name]);
  const message = Buffer.from(text);
  const socket = symbols.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) throw new Error("there is no socket for it");
  const sent = symbols.sendto(socket, message, BigInt(message.length), MSG_NOSIGNAL, address, address.length);
  symbols.close(socket);
  if (Number(sent) !== message.length) throw new Error(`nothing takes datagrams at ${path}`);
}

/** The system's clock of that name: the runtime's own begins with the process. */
function monotonicMicroseconds(): bigint {
  const [CLOCK_MONOTONIC, time] = [1, new BigInt64Array(2)];
  openLibrary().symbols.clock_gettime(CLOCK_MONOTONIC, time);
  return (time[0] ?? 0n) * 1_000_000n + (time[1] ?? 0n) / 1000n;
}

function openLibrary() {
  const names = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];
  for (const name of names) {
    try {
      return dlopen(name, {
        socket: { args: ["i32", "i32", "i32"], returns: "i32" },
        sendto: { args: ["i32", "ptr", "u64", "i32", "ptr", "u32"], returns: "i64" },
        clock_gettime: { args: ["i32", "ptr"], returns: "i32" },
        close: { args: ["i32"], returns: "i32" },
      });
    } catch {
      // The other C library, then.
    }
  }
  throw new Error("this system's C library is not known");
}
