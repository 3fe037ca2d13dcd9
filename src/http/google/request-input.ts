import type { z } from "zod";
import { queryOf } from "../url.ts";
import { type ApiError, invalidField } from "./api-error.ts";
import { parseSelection, type Selection } from "./partial-response.ts";

/** Far more than the largest policy has. */
const bodyBytesMax = 1024 * 1024;
/** What Google's clients add to every request, and what it may say. Tokens in a URL are refused like any unknown name. */
const systemParameters = new Map<string, readonly string[] | "anything">([
  ["alt", ["json"]],
  ["prettyPrint", ["true", "false"]],
  ["fields", "anything"],
]);

/** The query, checked. Throws INVALID_ARGUMENT. */
export function readQuery<Query>(request: Request, schema: z.ZodType<Query>): Query {
  const own: Record<string, string | string[]> = {};
  for (const [name, value] of queryOf(request)) {
    const allowed = systemParameters.get(name);
    if (Array.isArray(allowed) && !allowed.includes(value)) throw invalidField(name, `may be ${allowed.join(" or ")}`);
    if (!allowed) own[name] = Object.hasOwn(own, name) ? [own[name] as string, value].flat() : value;
  }
  return check(own, schema);
}

/** Which part of the answer is wanted. Throws INVALID_ARGUMENT. */
export function readSelection(request: Request): Selection {
  const texts = queryOf(request).getAll("fields");
  return texts.join("") === "" ? {} : parseSelection(texts.join(","));
}

/** The JSON body, checked; no body at all is an empty object. Throws INVALID_ARGUMENT. */
export async function readBody<Body>(request: Request, schema: z.ZodType<Body>): Promise<Body> {
  const text = await readText(request);
  if (text.trim() === "") return check({}, schema);
  const type = request.headers.get("content-type")?.split(";", 1)[0]?.trim().toLowerCase();
  if (type !== "application/json") throw invalidField("", "the body must be JSON: send content-type: application/json");
  return check(parseJson(text), schema);
}

async function readText({ body }: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > bodyBytesMax) throw invalidField("", `a body may have ${bodyBytesMax} bytes at most`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string): unknown {
  // A text with it is valid JSON, and none of our databases' texts.
  if (text.includes("\\u0000")) throw invalidField("", "the body has a NUL character in it");
  try {
    return JSON.parse(text);
  } catch {
    throw invalidField("", "the body is not JSON");
  }
}

function check<T>(value: unknown, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw explain(parsed.error.issues[0]);
}

function explain(issue: z.core.$ZodIssue | undefined): ApiError {
  const field = issue?.path.join(".") ?? "";
  if (issue?.code !== "unrecognized_keys") return invalidField(field, issue?.message ?? "is not what is expected here");
  const name = [...(field === "" ? [] : [field]), issue.keys[0]].join(".");
  return invalidField(name.slice(0, 100), "there is no such field here");
}
