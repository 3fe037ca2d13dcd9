import type { RequestContext } from "./names.ts";

/**
 * So much of a body that nobody wants is taken in all the same: a client that is still sending would see a broken pipe
 * instead of the answer that says why.
 */
const unwantedBytesMax = 16 * 1024 * 1024;

/**
 * A body that may come as slowly as it likes while something comes. The runtime's own limit takes slow for stalled: it
 * counts only above some 16 KB/s. Once the body is whole, its commit may take as long as the disk needs.
 */
export async function* movingBody(request: Request, context: RequestContext): AsyncGenerator<Uint8Array> {
  if (!request.body) return;
  const reader = request.body.getReader();
  let isUnwanted = true;
  try {
    context.expectMovement();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      context.expectMovement(next.value.byteLength);
      yield next.value;
    }
    isUnwanted = false;
    context.waitForUs();
  } finally {
    if (isUnwanted) await takeIn(reader);
  }
}

/** Takes in the body of a request that was refused before anybody read it. */
export async function takeInUnread({ body }: Request): Promise<void> {
  if (body && !body.locked) await takeIn(body.getReader());
}

async function takeIn(reader: Pick<ReadableStreamDefaultReader<Uint8Array>, "read">): Promise<void> {
  let bytes = 0;
  try {
    for (let next = await reader.read(); !next.done && bytes < unwantedBytesMax; next = await reader.read()) {
      bytes += next.value.byteLength;
    }
  } catch {
    // The client has gone: there is nobody left to answer.
  }
}
