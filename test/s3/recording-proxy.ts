/** A way to an S3 server under another address that remembers who asked for what. */
export interface RecordingProxy extends AsyncDisposable {
  readonly endpoint: string;
  readonly requests: readonly RecordedRequest[];
}

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
}

/** 127.0.0.2 is another host than the registry's, and on this machine all the same. */
export function startRecordingProxy(target: string, tls?: { cert: Bun.BunFile; key: Bun.BunFile }): RecordingProxy {
  const requests: RecordedRequest[] = [];
  const server = Bun.serve({
    hostname: tls ? "localhost" : "127.0.0.2",
    port: 0,
    ...(tls && { tls }),
    async fetch(request) {
      const url = new URL(request.url);
      const { method, headers } = request;
      requests.push({ method, path: url.pathname, query: url.searchParams, headers: new Headers(headers) });
      // The Host header stays: it is signed.
      const body = method === "GET" || method === "HEAD" ? undefined : await request.bytes();
      const answer = await fetch(`${target}${url.pathname}${url.search}`, {
        method,
        headers,
        redirect: "manual",
        decompress: false,
        ...(body && { body }),
      });
      // Whole: a stream would go out without its length, which a store always says.
      return new Response(method === "HEAD" ? null : await answer.bytes(), {
        status: answer.status,
        headers: answer.headers,
      });
    },
  });
  return {
    endpoint: tls ? `https://localhost:${server.port}` : `http://127.0.0.2:${server.port}`,
    requests,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}
