// A front before a real registry that breaks connections, or sends its clients elsewhere.

export type Fault = {
  /** Ends a blob's download after so many bytes, this many times. */
  cutDownloads?: { afterBytes: number; times: number };
  /** Ends an upload's body after so many bytes, this many times. */
  cutUploads?: { afterBytes: number; times: number };
  /** Answers blobs with a redirect to here. */
  redirectBlobsTo?: string;
  /** Names this realm in challenges. */
  realm?: string;
  /** Gives other bytes for blobs. */
  corrupt?: boolean;
  /** Gives blobs in pieces, with a pause after each. */
  slowBlobs?: { pieceBytes: number; milliseconds: number };
  /** Makes manifests as large as this, by spaces at their end. */
  padManifestsTo?: number;
  /** Waits so long before each manifest. */
  slowManifestsMilliseconds?: number;
};

/** Starts the front; `seen` are the requests that reached it, with their Authorization. */
export function startFaultyRegistry(behind: string, fault: Fault) {
  const seen: { method: string; path: string; authorization: string | undefined }[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 60,
    maxRequestBodySize: 2 ** 40,
    async fetch(request) {
      const { pathname, search, origin } = new URL(request.url);
      const isBlob = /\/blobs\/sha256:/.test(pathname) && request.method === "GET";
      seen.push({
        method: request.method,
        path: pathname,
        authorization: request.headers.get("authorization") ?? undefined,
      });
      if (isBlob && fault.redirectBlobsTo)
        return new Response(null, { status: 307, headers: { location: `${fault.redirectBlobsTo}${pathname}` } });
      const headers = new Headers(request.headers);
      headers.delete("host");
      const isCut = request.method === "PATCH" && fault.cutUploads !== undefined && fault.cutUploads.times-- > 0;
      const sent = isCut ? await firstBytes(request, fault.cutUploads?.afterBytes ?? 0, headers) : request.body;
      const init = { method: request.method, headers, redirect: "manual", body: sent } as RequestInit;
      const answer = await fetch(`${behind}${pathname}${search}`, init);
      if (isCut) return new Response("broken\n", { status: 502 });
      const out = new Headers(answer.headers);
      const challenge = out.get("www-authenticate");
      if (challenge)
        out.set(
          "www-authenticate",
          challenge.replace(/realm="[^"]+"/, `realm="${fault.realm ?? `${origin}/v2/token`}"`),
        );
      const isManifest = pathname.includes("/manifests/");
      if (isManifest && fault.slowManifestsMilliseconds) await Bun.sleep(fault.slowManifestsMilliseconds);
      if (isManifest && fault.padManifestsTo && request.method === "GET" && answer.ok)
        return new Response((await answer.text()).padEnd(fault.padManifestsTo), { headers: out });
      if (!isBlob) return new Response(answer.body, { status: answer.status, headers: out });
      return await blobAnswer(answer, out, fault);
    },
  });
  return {
    origin: `http://127.0.0.1:${server.port}`,
    host: `127.0.0.1:${server.port}`,
    seen,
    fault,
    stop: () => server.stop(true),
  };
}

async function blobAnswer(answer: Response, headers: Headers, fault: Fault): Promise<Response> {
  const { corrupt, cutDownloads, slowBlobs } = fault;
  const bytes = new Uint8Array(await answer.arrayBuffer());
  if (slowBlobs && answer.ok) return new Response(slowly(bytes, slowBlobs), { status: answer.status, headers });
  if (corrupt && bytes.length > 0) bytes[0] = (bytes[0] ?? 0) ^ 1;
  if (!cutDownloads || cutDownloads.times <= 0 || bytes.length <= cutDownloads.afterBytes)
    return new Response(bytes, { status: answer.status, headers });
  cutDownloads.times--;
  const part = bytes.subarray(0, cutDownloads.afterBytes);
  const body = new ReadableStream({
    async pull(controller) {
      controller.enqueue(part);
      await Bun.sleep(50);
      controller.error(new Error("cut"));
    },
  });
  return new Response(body, { status: answer.status, headers });
}

/** What arrived before the connection broke reaches the registry; the rest is thrown away. */
async function firstBytes(request: Request, count: number, headers: Headers) {
  const bytes = new Uint8Array(await request.arrayBuffer()).subarray(0, count);
  headers.set("content-length", String(bytes.length));
  headers.delete("content-range");
  return bytes;
}

function slowly(bytes: Uint8Array, { pieceBytes, milliseconds }: { pieceBytes: number; milliseconds: number }) {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      controller.enqueue(bytes.slice(at, at + pieceBytes));
      at += pieceBytes;
      await Bun.sleep(milliseconds);
      if (at >= bytes.byteLength) controller.close();
    },
  });
}
