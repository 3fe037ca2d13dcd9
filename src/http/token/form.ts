import { OAuthError } from "./oauth-error.ts";

/** A key file in a form is percent-encoded, which can triple it. */
const formBytesMax = 128 * 1024;

/**
 * Reads an `application/x-www-form-urlencoded` body, no longer than anybody needs, with or without a Content-Length.
 * Throws `invalid_request`.
 */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") {
    throw new OAuthError("invalid_request", "send a form: application/x-www-form-urlencoded");
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > formBytesMax) throw new OAuthError("invalid_request", `a form may have ${formBytesMax} bytes at most`);
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString("utf8"));
}
