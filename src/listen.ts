import type { Server } from "bun";
import type { Config } from "./config/config.ts";
import { listenHost, listenPort } from "./config/listen-address.ts";
import type { Connection } from "./http/connection.ts";
import type { ErrorLog } from "./http/distribution/answer-error.ts";

export type Handler = (request: Request, connection: Connection) => Response | Promise<Response>;

/** Open sockets of one port. */
export interface Listeners {
  readonly port: number;
  /** Takes nothing new, finishes what is in flight for so long, then ends it. */
  drain(millisecondsMax: number): Promise<void>;
}

/**
 * Above any body: every reader has a limit of its own, and the runtime's answer to a longer one would be empty and
 * come before the question who is asking.
 */
const bodyBytesMax = 2 ** 40;
/** The runtime's longest; it counts from the last byte that moved. */
const idleSeconds = 255;

/** Opens the configured address; `localhost` is 127.0.0.1 and, where the machine has it, ::1. */
export function listen(config: Config, handle: Handler, log: ErrorLog): Listeners {
  const host = listenHost(config);
  const [first = "", ...others] = host === "localhost" ? ["127.0.0.1", "::1"] : [host];
  const servers = [open(config, first, listenPort(config), handle, log)];
  const port = servers[0]?.port ?? 0;
  for (const other of others) {
    try {
      servers.push(open(config, other, port, handle, log));
    } catch (error) {
      // Taken by somebody else is worth a word; a machine without IPv6 is not.
      if ((error as { code?: string }).code === "EADDRINUSE") log(error, `[${other}]:${port} is taken`);
    }
  }
  return {
    port,
    async drain(millisecondsMax) {
      const limit = setTimeout(() => {
        for (const server of servers) server.stop(true);
      }, millisecondsMax);
      await Promise.all(servers.map((server) => server.stop()));
      clearTimeout(limit);
    },
  };
}

function open(config: Config, hostname: string, port: number, handle: Handler, log: ErrorLog): Server<undefined> {
  const { "tls-cert": cert, "tls-key": key } = config;
  return Bun.serve({
    hostname,
    port,
    maxRequestBodySize: bodyBytesMax,
    idleTimeout: idleSeconds,
    ...(cert !== undefined && key !== undefined && { tls: { cert: Bun.file(cert), key: Bun.file(key) } }),
    fetch: (request, server) =>
      handle(request, {
        peer: () => server.requestIP(request)?.address,
        setPatience: (seconds) => server.timeout(request, seconds),
      }),
    error(error) {
      log(error, "a request failed");
      return new Response("the server failed; its log says why\n", { status: 500 });
    },
  });
}
