import type { Answered } from "./observed.ts";

/** Where lines go: pino's form. */
interface Log {
  info(detail: object, message: string): void;
}

/**
 * One line a request. Paths have names of images in them and no secrets; queries (codes, tokens of links) and headers are left
 * out, whatever they are.
 */
export function accessLogOf(log: Log): (answered: Answered) => void {
  return ({ request, path, route, status, seconds, requestId }) =>
    log.info(
      { requestId, method: request.method, path, route, status, seconds: Number(seconds.toFixed(6)) },
      "request",
    );
}
