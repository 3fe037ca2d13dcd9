// One line of comma-separated values the way Go reads it (RFC 4180): `--registries` and `--token-source` are given so,
// and what is wrong with them is said in Go's words.

/** The values of the first record. */
export function parseGoCsv(text: string): string[] {
  const record = firstRecord(text);
  if (record === undefined) throw new Error("EOF");
  const values: string[] = [];
  for (let at = 0; ; ) {
    const { value, end } = record[at] === '"' ? quoted(record, at) : plain(record, at);
    values.push(value);
    if (end >= record.length) return values;
    at = end + 1;
  }
}

/** Empty lines are passed over. */
function firstRecord(text: string): string | undefined {
  return text.split(/\r?\n/).find((line) => line !== "");
}

function plain(record: string, start: number): { value: string; end: number } {
  const comma = record.indexOf(",", start);
  const end = comma < 0 ? record.length : comma;
  const value = record.slice(start, end);
  if (value.includes('"')) throw parseError(record, start + value.indexOf('"'), 'bare " in non-quoted-field');
  return { value, end };
}

function quoted(record: string, start: number): { value: string; end: number } {
  let value = "";
  for (let at = start + 1; ; ) {
    const quote = record.indexOf('"', at);
    const problem = 'extraneous or missing " in quoted-field';
    if (quote < 0) throw parseError(record, record.length, problem);
    value += record.slice(at, quote);
    const next = record[quote + 1];
    if (next === undefined || next === ",") return { value, end: quote + 1 };
    if (next !== '"') throw parseError(record, quote, problem);
    value += '"';
    at = quote + 2;
  }
}

/** Columns count bytes, from 1. */
function parseError(record: string, at: number, problem: string): Error {
  return new Error(`parse error on line 1, column ${Buffer.byteLength(record.slice(0, at)) + 1}: ${problem}`);
}
