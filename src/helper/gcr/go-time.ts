// A time in a file (RFC 3339), refused in Go's words when it is none.

const layout = "2006-01-02T15:04:05Z07:00";
const parts: readonly [element: string, pattern: RegExp][] = [
  ["2006", /^\d{4}/],
  ["-", /^-/],
  ["01", /^\d{2}/],
  ["-", /^-/],
  ["02", /^\d{2}/],
  ["T", /^T/],
  ["15", /^\d{2}/],
  [":", /^:/],
  ["04", /^\d{2}/],
  [":", /^:/],
  ["05", /^\d{2}(?:[.,]\d+)?/],
  ["Z07:00", /^(?:Z|[+-]\d{2}:\d{2})/],
];

/** Milliseconds since 1970. */
export function parseGoTime(value: unknown): number {
  if (typeof value !== "string") throw new Error("Time.UnmarshalJSON: input is not a JSON string");
  const refusal = `parsing time ${JSON.stringify(value)}`;
  let rest = value;
  for (const [element, pattern] of parts) {
    const [found] = pattern.exec(rest) ?? [];
    if (found === undefined)
      throw new Error(`${refusal} as "${layout}": cannot parse ${JSON.stringify(rest)} as ${JSON.stringify(element)}`);
    rest = rest.slice(found.length);
  }
  if (rest !== "") throw new Error(`${refusal}: extra text: ${JSON.stringify(rest)}`);
  // What no calendar has, JavaScript refuses too.
  const milliseconds = Date.parse(value.replace(",", ".").replace(/(\.\d{3})\d+/, "$1"));
  if (Number.isNaN(milliseconds)) throw new Error(`${refusal}: day out of range`);
  return milliseconds;
}

/** A time as Go writes it: without a fraction when there is none. */
export function formatGoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(".000Z", "Z");
}
