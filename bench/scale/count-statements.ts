/** Counts every statement that this process sends to PostgreSQL, with its last parameters. */
import pg from "pg";

export interface Statement {
  readonly text: string;
  readonly count: number;
  /** Bytes as `{bytes: HEX}`, so that they can be sent to another process. */
  readonly values: readonly unknown[];
}

let statements = new Map<string, { count: number; values: readonly unknown[] }>();

type Query = { text?: string; values?: unknown[] };

/** To be called once, before anything connects. */
export function countStatements(): void {
  const client = pg.Client.prototype as unknown as { query: (...parameters: unknown[]) => unknown };
  const query = client.query;
  client.query = function counted(this: unknown, first: unknown, ...rest: unknown[]) {
    const { text = "", values: own } = typeof first === "string" ? { text: first, values: rest[0] } : (first as Query);
    const values = Array.isArray(own) ? own : Array.isArray(rest[0]) ? rest[0] : [];
    statements.set(text, { count: (statements.get(text)?.count ?? 0) + 1, values });
    return query.call(this, first, ...rest);
  };
}

/** What was counted since the last time. */
export function takeStatements(): Statement[] {
  const taken = statements;
  statements = new Map();
  return [...taken].map(([text, { count, values }]) => ({ text, count, values: values.map(sendable) }));
}

function sendable(value: unknown): unknown {
  return value instanceof Uint8Array ? { bytes: Buffer.from(value).toString("hex") } : value;
}
