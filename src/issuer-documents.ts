import type { FetchDocument } from "./identity/federation/issuer-keys.ts";
import { publicFetch } from "./public-network.ts";

/** A key set with a hundred keys has a third of it. */
const documentBytesMax = 256 * 1024;
const millisecondsMax = 10_000;

type Fetch = (request: Request) => Promise<Response>;

/**
 * Asks outside issuers for their documents: from public addresses and those that the operator named, following no
 * redirect, and no more than a document's size or a few seconds.
 *
 * @param privateHosts issuers that may lie in a private network, or on this machine, and be asked over plain HTTP
 */
export function issuerDocuments(
  fetch: Fetch,
  privateHosts: readonly string[],
  stopping?: AbortSignal,
  resolve?: Parameters<typeof publicFetch>[2],
): { fetch: FetchDocument; mayAsk: (issuer: URL) => boolean } {
  const outside = publicFetch(fetch, privateHosts, resolve, "--private-issuers");
  return {
    mayAsk: ({ host }) => privateHosts.includes(host),
    async fetch(url) {
      const signals = [AbortSignal.timeout(millisecondsMax), ...(stopping ? [stopping] : [])];
      const init = {
        redirect: "manual" as const,
        signal: AbortSignal.any(signals),
        headers: { accept: "application/json" },
      };
      const response = await outside(new Request(url, init));
      try {
        if (response.status !== 200) throw new Error(`${url} answered with status ${response.status}`);
        return JSON.parse(await readBounded(url, response));
      } finally {
        await response.body?.cancel().catch(() => undefined);
      }
    },
  };
}

async function readBounded(url: string, { body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = body?.getReader();
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    size += read.value.byteLength;
    if (size > documentBytesMax) {
      await reader?.cancel();
      throw new Error(`${url} answered with more than ${documentBytesMax} bytes`);
    }
    chunks.push(read.value);
  }
  reader?.releaseLock();
  return Buffer.concat(chunks).toString("utf8");
}
