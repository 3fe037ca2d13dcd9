import type { Digest } from "../../registry/digest.ts";
import type { ResolvedRepository } from "../../registry/resolve.ts";
import type { PullThrough } from "../../registry/upstream/pull-through.ts";
import { registryHeaders } from "./answer-error.ts";

/** The answer of a cache while it fetches a blob; undefined once the blob is here. */
export async function arrivingBlob(
  request: Request,
  pullThrough: PullThrough,
  resolved: ResolvedRepository,
  digest: Digest,
): Promise<Response | undefined> {
  const arrival = await pullThrough.bringBlob(resolved, digest);
  if (!arrival) return undefined;
  const headers: Record<string, string> = {
    ...registryHeaders,
    "content-type": "application/octet-stream",
    "docker-content-digest": digest,
    etag: `"${digest}"`,
    "content-disposition": "attachment",
    "x-content-type-options": "nosniff",
  };
  if (request.method === "HEAD" && arrival.size !== undefined)
    return new Response(null, { headers: { ...headers, "content-length": String(arrival.size) } });
  if (request.method === "HEAD" || request.headers.has("range")) {
    // Parts are cut from the whole.
    await arrival.stored;
    return undefined;
  }
  const pieces = arrival.bytes(() => pullThrough.blob(resolved, digest));
  return new Response(streamOf(pieces), { headers });
}

/** One piece at a time: a slow client reads from the disk, at its own pace. */
function streamOf(pieces: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}
