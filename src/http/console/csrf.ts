import { createHash, timingSafeEqual } from "node:crypto";

/**
 * The token that every form of a visitor carries: a hash of the credential that the browser brings by itself. Whoever
 * can read the page has it, and another site cannot make it.
 *
 * @param credential the session cookie's value
 */
export function csrfToken(credential: string): string {
  return createHash("sha256").update("waybill console form\0").update(credential).digest("base64url");
}

/** Whether a form came from one of our pages for this visitor. */
export function isCsrfToken(presented: string, credential: string): boolean {
  const [left, right] = [Buffer.from(presented), Buffer.from(csrfToken(credential))];
  return left.byteLength === right.byteLength && timingSafeEqual(left, right);
}
