import { RegistryError } from "../../registry/registry-error.ts";

/** Google's clients ask for as many; whoever asks for more gets this many and a Link (CVE-2023-2253). */
const pageSizeMax = 10_000;
const pageSizeDefault = 1000;

/** Reads `n`. Throws PAGINATION_NUMBER_INVALID. */
export function parsePageSize(text: string | null): number {
  if (text === null || text === "") return pageSizeDefault;
  if (!/^[0-9]{1,15}$/.test(text)) throw new RegistryError("PAGINATION_NUMBER_INVALID", "n must be a whole number");
  return Math.min(Number(text), pageSizeMax);
}

/** Any text has its place in an order, but for a zero byte, which PostgreSQL does not take. Throws NAME_INVALID. */
export function parseLast(text: string | null): string {
  if (text?.includes("\0")) throw new RegistryError("NAME_INVALID", "last must be the last name of the page before");
  return text ?? "";
}

/** The header that says where the next page is (RFC 8288). */
export function linkTo(path: string, query: Record<string, string>): { link: string } {
  return { link: `<${path}?${new URLSearchParams(query)}>; rel="next"` };
}
