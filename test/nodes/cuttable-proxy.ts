/** A way to a server that can be cut: then it takes connections and everything said on them, and passes nothing on. */
import { connect, createServer, type Socket } from "node:net";

export interface CuttableProxy {
  readonly port: number;
  cut(): void;
  heal(): void;
  close(): void;
}

/** @param address where it listens; anything of this machine's */
export async function startCuttableProxy(targetPort: number, address = "127.0.0.1"): Promise<CuttableProxy> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const keep = (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    if (isCut) socket.pause();
  };
  const server = createServer((client) => {
    const target = connect(targetPort, "127.0.0.1");
    for (const [from, to] of [
      [client, target],
      [target, client],
    ] as const) {
      keep(from);
      from.on("data", (bytes) => void to.write(bytes));
      from.on("close", () => to.destroy());
    }
    if (isCut) for (const socket of [client, target]) socket.pause();
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  return {
    port: (server.address() as { port: number }).port,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.pause();
    },
    heal() {
      isCut = false;
      for (const socket of sockets) socket.resume();
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
