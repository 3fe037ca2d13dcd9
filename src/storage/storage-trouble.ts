/** What keeps a store from taking more, where an error says so: it has no room left, or cannot be written at all. */
export type StorageTrouble = "full" | "unwritable";

const troubles: Readonly<Record<string, StorageTrouble>> = {
  ENOSPC: "full",
  EDQUOT: "full",
  SQLITE_FULL: "full",
  // PostgreSQL: disk_full, read_only_sql_transaction, io_error
  "53100": "full",
  "25006": "unwritable",
  "58030": "unwritable",
  EROFS: "unwritable",
  EIO: "unwritable",
};

/** Undefined for every other error. Files and both databases say it with a code, their own or their cause's. */
export function storageTroubleOf(error: unknown): StorageTrouble | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code !== "string") return storageTroubleOf(cause);
  const isUnwritable = code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_IOERR");
  return troubles[code] ?? (isUnwritable ? "unwritable" : storageTroubleOf(cause));
}
