/** From `start` (inclusive) to `end` (exclusive). */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a Range header (RFC 9110 section 14.1.2) for a body of `size` bytes. Undefined where the whole body is the
 * answer: no header, another unit, several ranges.
 */
export function parseByteRange(header: string | null, size: number): ByteRange | "unsatisfiable" | undefined {
  const match = /^bytes=([0-9]{0,15})-([0-9]{0,15})$/.exec(header?.trim() ?? "");
  if (!match) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "" && last === "") return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return start < end ? { start, end } : "unsatisfiable";
}

/**
 * Reads the Content-Range of an upload's chunk: `START-END`, both inclusive, without a unit
 * (distribution-spec: Pushing a blob in chunks). Undefined where there is none; NaN where it is malformed.
 */
export function parseContentRange(header: string | null): { start: number; length: number } | undefined {
  if (header === null) return undefined;
  const match = /^([0-9]{1,15})-([0-9]{1,15})$/.exec(header.trim());
  const start = Number(match?.[1]);
  const length = Number(match?.[2]) - start + 1;
  return { start, length: length > 0 ? length : Number.NaN };
}
