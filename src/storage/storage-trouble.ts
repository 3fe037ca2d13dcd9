/** What keeps a store from taking more, where an error says so: it has no room left, or may not be written at all. */
export type StorageTrouble = "full" | "read-only";

const troubles: Readonly<Record<string, StorageTrouble>> = {
  ENOSPC: "full",
  EDQUOT: "full",
  SQLITE_FULL: "full",
  // PostgreSQL: disk_full, read_only_sql_transaction
  "53100": "full",
  "25006": "read-only",
  EROFS: "read-only",
  SQLITE_READONLY: "read-only",
};

/** Undefined for every other error. Files and both databases say it with a code. */
export function storageTroubleOf(error: unknown): StorageTrouble | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code !== "string") return storageTroubleOf(cause);
  return troubles[code] ?? (code.startsWith("SQLITE_READONLY") ? "read-only" : storageTroubleOf(cause));
}
