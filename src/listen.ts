import type { Server } from "bun";
import type { Config } from "./config/config.ts";
import { listenHost, listenPort } from "./config/listen-address.ts";
import type { Connection } from "./http/connection.ts";
import type { ErrorLog } from "./http/distribution/answer-error.ts";
import type { InheritedSockets } from "./system/inherited-sockets.ts";
import type { TlsFiles } from "./system/tls-files.ts";

export type Handler = (request: Request, connection: Connection) => Response | Promise<Response>;

/** Open sockets of one port. */
export interface Listeners {
  readonly port: number;
  /** From now on shows these certificates; connections that are open keep theirs. */
  renewTls(tls: TlsFiles): void;
  /** Takes nothing new, finishes what is in flight for so long, then ends it. */
  drain(millisecondsMax: number): Promise<void>;
}

export interface ListenOptions {
  readonly config: Config;
  readonly handle: Handler;
  readonly log: ErrorLog;
  readonly tls?: TlsFiles | undefined;
  /** Sockets that are open already, in place of the configured address. */
  readonly inherited?: InheritedSockets | undefined;
}

/**
 * Above any body: every reader has a limit of its own, and the runtime's answer to a longer one would be empty and
 * come before the question who is asking.
 */
const bodyBytesMax = 2 ** 40;
/** The runtime's longest; it counts from the last byte that moved. */
const idleSeconds = 255;

/** Opens the configured address; `localhost` is 127.0.0.1 and, where the machine has it, ::1. */
export function listen({ config, handle, log, tls, inherited }: ListenOptions): Listeners {
  const host = inherited ? "127.0.0.1" : listenHost(config);
  const [first = "", ...others] = host === "localhost" ? ["127.0.0.1", "::1"] : [host];
  const open = (hostname: string, port: number, certificates: TlsFiles | undefined) =>
    serve(hostname, port, { http2: config.http2, handle, log, inherited }, certificates);
  if (tls && !inherited) refuseTaken(first, listenPort(config));
  let servers = [open(first, inherited ? 0 : listenPort(config), tls)];
  const port = servers[0]?.port ?? 0;
  for (const other of others) {
    try {
      servers.push(open(other, port, tls));
    } catch (error) {
      // Taken by somebody else is worth a word; a machine without IPv6 is not.
      if ((error as { code?: string }).code === "EADDRINUSE") log(error, `[${other}]:${port} is taken`);
    }
  }
  inherited?.relayTo(port);
  const leaving: Server<undefined>[] = [];
  return {
    port: inherited ? Number(inherited.address.split(":").at(-1)) : port,
    renewTls(certificates) {
      // The runtime cannot give new certificates to a server that listens: a new one takes its place on the same port.
      const renewed = servers.map(({ hostname = "" }) => open(hostname, port, certificates));
      for (const server of servers) void server.stop();
      leaving.push(...servers);
      servers = renewed;
    },
    async drain(millisecondsMax) {
      const all = [...servers, ...leaving];
      inherited?.close();
      const limit = setTimeout(() => {
        inherited?.cut();
        for (const server of all) void server.stop(true);
      }, millisecondsMax);
      await Promise.all(all.map((server) => server.stop()));
      clearTimeout(limit);
    },
  };
}

type Parts = Pick<ListenOptions, "handle" | "log" | "inherited"> & { readonly http2: boolean };

/**
 * A port that is shared with the certificates' next server can be shared with anybody's: what is taken is asked for once,
 * by a socket that does not share.
 */
function refuseTaken(hostname: string, port: number): void {
  void Bun.serve({ hostname, port, fetch: () => new Response() }).stop(true);
}

function serve(hostname: string, port: number, parts: Parts, tls: TlsFiles | undefined): Server<undefined> {
  const { handle, log, inherited, http2 } = parts;
  return Bun.serve({
    hostname,
    port,
    http2,
    maxRequestBodySize: bodyBytesMax,
    idleTimeout: idleSeconds,
    ...(tls && { tls: [...tls.entries], reusePort: true }),
    fetch: (request, server) =>
      handle(request, {
        peer() {
          const from = server.requestIP(request);
          return (from && inherited?.peerAt(from.port)) ?? from?.address;
        },
        setPatience: (seconds) => server.timeout(request, seconds),
      }),
    error(error) {
      log(error, "a request failed");
      return new Response("the server failed; its log says why\n", { status: 500 });
    },
  });
}
