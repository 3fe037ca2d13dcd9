import type { Reader } from "./schema.ts";

/** What is begun or kept, as numbers for an operator. */
export interface OpenWork {
  /** Uploads that were begun and neither finished nor given up. */
  readonly uploads: number;
  /** Bytes that projects use. */
  readonly storedBytes: number;
}

/** Two sums over short tables: one row for each open upload, one for each project. */
export async function readOpenWork(read: Reader): Promise<OpenWork> {
  const uploads = await read
    .selectFrom("uploads")
    .select((row) => row.fn.countAll().as("count"))
    .executeTakeFirst();
  const used = await read
    .selectFrom("project_limits")
    .select((row) => row.fn.sum("used_bytes").as("bytes"))
    .executeTakeFirst();
  return { uploads: Number(uploads?.count ?? 0), storedBytes: Number(used?.bytes ?? 0) };
}
