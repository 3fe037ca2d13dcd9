/** The store at an address of its own: a registry on loopback sends nobody to a store under its own name. */
import { connect, createServer, type Socket } from "node:net";

const address = "127.0.0.2";

/** Passes connections on to `endpoint`; answers where it listens, and how to end it. */
export async function forward(endpoint: string): Promise<{ endpoint: string; close(): void }> {
  const { hostname, port } = new URL(endpoint);
  const open = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(Number(port), hostname);
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      open.add(one);
      one.on("error", () => other.destroy());
      one.on("close", () => open.delete(one));
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const listened = server.address() as { port: number };
  return {
    endpoint: `http://${address}:${listened.port}`,
    close() {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}
