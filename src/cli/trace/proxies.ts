// The listeners between a client and its registry, all on this machine's loopback. Where a client can be told of a proxy
// it is; where it cannot, because the Docker engine makes the connections or because clients ask no proxy for this very
// machine, the registry's name is replaced by the listener's.
import { connect, createServer, type Server as NetServer, type Socket } from "node:net";
import type { ThrowAwayAuthority } from "./authority.ts";
import type { AnswerFilter, Recorder } from "./recorder.ts";

const here = "127.0.0.1";
/** A request's head that is longer is none. */
const headBytesMax = 16 * 1024;
/** Bun's longest; a layer may take a while to be packed. */
const idleSecondsMax = 255;
const bodyBytesMax = Number.MAX_SAFE_INTEGER;

/** A listener: `stop` ends it and everything behind it. */
export type Listener = { host: string; stop: () => Promise<void> };

/** A plain listener that stands for one registry: whoever asks it is asking `origin`. */
export function standFor(origin: string, recorder: Recorder): Listener {
  const server: Bun.Server<undefined> = Bun.serve({
    hostname: here,
    port: 0,
    idleTimeout: idleSecondsMax,
    maxRequestBodySize: bodyBytesMax,
    fetch(request): Promise<Response> {
      const { pathname, search } = new URL(request.url);
      return recorder.pass(request, `${origin}${pathname}${search}`, renaming(origin, `http://${host}`));
    },
  });
  const host = `${here}:${server.port}`;
  return { host, stop: () => server.stop(true) };
}

/** The registry's own address in an answer would lead past the listener. */
function renaming(from: string, to: string): AnswerFilter {
  return (headers) => {
    for (const name of ["www-authenticate", "location", "link"]) {
      const value = headers.get(name);
      if (value !== null)
        headers.set(name, value.replaceAll(new RegExp(`${RegExp.escape(from)}(?=[/"?>]|$)`, "g"), to));
    }
  };
}

/** A proxy as HTTP_PROXY and HTTPS_PROXY name it. Inside TLS it shows certificates of `authority`. */
export async function openProxy(recorder: Recorder, authority: ThrowAwayAuthority): Promise<Listener> {
  const inner = new InnerServers(recorder, authority);
  const outer = createServer((client) => readHead(client, inner));
  const port = await listening(outer);
  return {
    host: `${here}:${port}`,
    async stop() {
      outer.close();
      await inner.stop();
    },
  };
}

/** What lies behind the proxy's own door: a server for each name that a client opens a tunnel to, and one for plain HTTP. */
class InnerServers {
  readonly #recorder: Recorder;
  readonly #authority: ThrowAwayAuthority;
  readonly #servers = new Map<string, Bun.Server<undefined>>();

  constructor(recorder: Recorder, authority: ThrowAwayAuthority) {
    this.#recorder = recorder;
    this.#authority = authority;
  }

  /** The port of the server that stands for `target` (`host:port`), or for whatever plain requests name. */
  portFor(target: string | undefined): number {
    const known = this.#servers.get(target ?? "");
    const server = known ?? (target === undefined ? this.#plain() : this.#tunnel(target));
    this.#servers.set(target ?? "", server);
    return server.port as number;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#servers.values()].map((server) => server.stop(true)));
  }

  /** Requests to a proxy carry the whole address (RFC 9112 section 3.2.2). */
  #plain() {
    return this.#serve((request) => this.#recorder.pass(request, request.url));
  }

  #tunnel(target: string) {
    const { hostname, origin } = new URL(`https://${target}`);
    const { certificate, privateKey } = this.#authority.issue(hostname.replace(/^\[|\]$/g, ""));
    const answer = (request: Request) => {
      const { pathname, search } = new URL(request.url);
      return this.#recorder.pass(request, `${origin}${pathname}${search}`);
    };
    return this.#serve(answer, { cert: certificate, key: privateKey });
  }

  #serve(fetch: (request: Request) => Promise<Response>, tls?: { cert: string; key: string }) {
    const limits = { idleTimeout: idleSecondsMax, maxRequestBodySize: bodyBytesMax };
    return Bun.serve({ hostname: here, port: 0, ...limits, fetch, ...(tls && { tls }) });
  }
}

/** Reads until the end of the first request's head, then joins the client to the server that it wants. */
function readHead(client: Socket, inner: InnerServers): void {
  let head = Buffer.alloc(0);
  const onData = (chunk: Buffer) => {
    head = Buffer.concat([head, chunk]);
    if (head.indexOf("\r\n\r\n") < 0 && head.length <= headBytesMax) return;
    client.off("data", onData);
    client.pause();
    join(client, head, inner);
  };
  client.on("data", onData).on("error", () => client.destroy());
}

function join(client: Socket, head: Buffer, inner: InnerServers): void {
  const [, target] = /^CONNECT ([^\s/]+:[0-9]+) HTTP\/1\.[01]\r\n/.exec(head.toString("latin1")) ?? [];
  if (target !== undefined && !URL.canParse(`https://${target}`)) return void client.destroy();
  const server = connect(inner.portFor(target), here, () => {
    if (target === undefined) server.write(head);
    else client.write("HTTP/1.1 200 Connection established\r\n\r\n");
    client.pipe(server).pipe(client);
  });
  server.on("error", () => client.destroy()).on("close", () => client.destroy());
  client.on("close", () => server.destroy());
}

function listening(server: NetServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.listen(0, here, () => resolve((server.address() as { port: number }).port));
  });
}
