import { z } from "zod";
import { invalidField } from "./api-error.ts";

/** The parameters of a listing (aip.dev/158). */
export const pageQuery = {
  pageSize: z
    .string()
    .regex(/^[0-9]{1,6}$/, "is not a number")
    .transform(Number)
    .optional(),
  pageToken: z.string().max(1024).optional(),
};

/** A page of a listing by key. `after` is the last key of the page before. */
export interface Page {
  readonly after: string;
  readonly limit: number;
}

/** Reads which page is meant; a larger page than there is becomes the largest there is. Throws INVALID_ARGUMENT. */
export function parsePage(
  query: { pageSize?: number | undefined; pageToken?: string | undefined },
  limitMax: number,
): Page {
  const limit = query.pageSize ? Math.min(query.pageSize, limitMax) : limitMax;
  return { after: query.pageToken ? decodeToken(query.pageToken) : "", limit };
}

/** The token of the page after these rows; a page that is not full is the last. */
export function nextPageToken(rows: readonly string[], { limit }: Page): { nextPageToken?: string } {
  const last = rows.at(-1);
  return rows.length < limit || last === undefined ? {} : { nextPageToken: encodeToken(last) };
}

/** Opaque, so that nobody builds one by hand and then depends on it. */
export function encodeToken(key: string): string {
  return Buffer.from(`1:${key}`).toString("base64url");
}

/** Throws INVALID_ARGUMENT. */
export function decodeToken(token: string): string {
  const text = Buffer.from(token, "base64url").toString("utf8");
  if (!text.startsWith("1:") || /\p{Cc}/u.test(text))
    throw invalidField("pageToken", "is not one that this server gave");
  return text.slice(2);
}
