import { connect, createServer, type Server, type Socket } from "node:net";

/** Sockets that a service manager opened for us: systemd's socket activation, sd_listen_fds(3). */
export interface InheritedSockets {
  /** Where clients connect to: `0.0.0.0:443`. All of them have the same port. */
  readonly address: string;
  /** From now on takes connections, and hands them to a listener of ours on this loopback port. */
  relayTo(port: number): void;
  /** The address of a client, by the port from which its connection was handed on. */
  peerAt(port: number): string | undefined;
  /** Takes no new ones; those that are open go on. */
  close(): void;
  /** Ends those that are open. */
  cut(): void;
}

/** The first file descriptor that is handed over; those before are the standard streams. */
const firstDescriptor = 3;

/** Opens what LISTEN_FDS and LISTEN_PID say is ours; undefined when nothing is. Rejects when it is no TCP socket. */
export async function openInheritedSockets(
  { LISTEN_FDS: count, LISTEN_PID: pid }: Readonly<Record<string, string | undefined>>,
  ownPid = process.pid,
): Promise<InheritedSockets | undefined> {
  if (count === undefined || Number(pid) !== ownPid) return undefined;
  const relay = new Relay();
  for (let index = 0; index < Number(count); index++) await relay.open(firstDescriptor + index);
  return relay.address === "" ? undefined : relay;
}

/**
 * The runtime's HTTP server cannot listen on a descriptor (docs/decisions/0022-sockets.md), but its plain sockets can: each
 * connection is handed on to the HTTP server over loopback, byte by byte, TLS included.
 */
class Relay implements InheritedSockets {
  address = "";
  readonly #servers: Server[] = [];
  readonly #open = new Set<Socket>();
  readonly #peers = new Map<number, string>();
  #port = 0;
  /** Those that came before there was anybody to hand them to. */
  #waiting: Socket[] = [];

  async open(fd: number): Promise<void> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => this.#take(socket));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ fd }, resolve);
    });
    const at = server.address();
    if (at === null || typeof at === "string") throw new Error("an inherited socket is not of TCP");
    const host = at.family === "IPv6" ? `[${at.address}]` : at.address;
    if (this.address === "") this.address = `${host}:${at.port}`;
    this.#servers.push(server);
  }

  relayTo(port: number): void {
    this.#port = port;
    for (const socket of this.#waiting.splice(0)) this.#hand(socket);
  }

  peerAt(port: number): string | undefined {
    return this.#peers.get(port);
  }

  close(): void {
    for (const server of this.#servers) server.close();
  }

  cut(): void {
    for (const socket of this.#open) socket.destroy();
  }

  #take(socket: Socket): void {
    if (this.#port === 0) this.#waiting.push(socket);
    else this.#hand(socket);
  }

  #hand(outside: Socket): void {
    const inside = connect({ host: "127.0.0.1", port: this.#port, allowHalfOpen: true });
    this.#open.add(outside).add(inside);
    let from = 0;
    inside.once("connect", () => {
      from = inside.localPort ?? 0;
      this.#peers.set(from, outside.remoteAddress ?? "");
      outside.pipe(inside);
      inside.pipe(outside);
      outside.resume();
    });
    for (const socket of [outside, inside]) socket.on("error", () => socket.destroy());
    outside.once("close", () => {
      inside.destroy();
      this.#open.delete(outside);
    });
    inside.once("close", () => {
      // What was read of it may not have left yet.
      outside.end();
      this.#open.delete(inside);
      this.#peers.delete(from);
    });
  }
}
