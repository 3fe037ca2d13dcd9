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
  return new URLSearchParams(await readText(request));
}

/**
 * As `readForm`, or a JSON object of texts, each parameter once. Throws `invalid_request`.
 */
export async function readFormOrJson(request: Request): Promise<ReadonlyMap<string, string>> {
  const entries = isJson(request) ? jsonEntries(await readText(request)) : [...(await readForm(request))];
  const parameters = new Map(entries);
  // RFC 6749 section 3.2: no parameter may come twice.
  if (parameters.size !== entries.length) throw new OAuthError("invalid_request", "a parameter comes twice");
  return parameters;
}

function isJson(request: Request): boolean {
  return /^application\/json\s*(?:;|$)/i.test(request.headers.get("content-type") ?? "");
}

function jsonEntries(text: string): [string, string][] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {}
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new OAuthError("invalid_request", "the body is not a JSON object");
  }
  return Object.entries(json).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]);
}

async function readText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > formBytesMax) throw new OAuthError("invalid_request", `a form may have ${formBytesMax} bytes at most`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
