import type { z } from "zod";
import { ConsoleError } from "./answer-console-error.ts";

/** Forms hold names, a public key, or a token to be tested. */
const formBytesMax = 64 * 1024;

/** Reads the fields of a form (`application/x-www-form-urlencoded`); of two with one name the last counts. */
export async function readForm(request: Request): Promise<Record<string, string>> {
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/x-www-form-urlencoded") throw unreadable("Send it as a form does.");
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > formBytesMax) throw new ConsoleError(413, "That was not done", "The form is larger than any of ours.");
    chunks.push(chunk);
  }
  return Object.fromEntries(new URLSearchParams(Buffer.concat(chunks).toString("utf8")));
}

/** Checks what a form or an address brought. Throws where it is not what the page's own form would send. */
export function parseFields<T>(schema: z.ZodType<T>, fields: Readonly<Record<string, string>>): T {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unreadable(`${issue?.path.join(".") || "The form"}: ${issue?.message}`);
}

function unreadable(message: string): ConsoleError {
  return new ConsoleError(400, "That was not done", message);
}
