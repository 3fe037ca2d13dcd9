import type { RequestContext } from "./names.ts";

/**
 * A body that may come as slowly as it likes while something comes. The runtime's own limit takes slow for stalled: it
 * counts only above some 16 KB/s. Once the body is whole, its commit may take as long as the disk needs.
 */
export async function* movingBody(request: Request, context: RequestContext): AsyncGenerator<Uint8Array> {
  if (!request.body) return;
  context.expectMovement();
  for await (const bytes of request.body) {
    context.expectMovement();
    yield bytes;
  }
  context.waitForUs();
}
