/**
 * What keeps a store from doing its work, where an error says so: it has no room left, cannot be written at all, does
 * not answer (the store is away, the database is unreachable), or moves to another place.
 */
export type StorageTrouble = "full" | "unwritable" | "away" | "unreachable" | "moving";

const troubles: Readonly<Record<string, StorageTrouble>> = {
  ENOSPC: "full",
  EDQUOT: "full",
  SQLITE_FULL: "full",
  // PostgreSQL: disk_full, read_only_sql_transaction, io_error
  "53100": "full",
  "25006": "unwritable",
  "58030": "unwritable",
  DATABASE_UNREACHABLE: "unreachable",
  EROFS: "unwritable",
  // S3: ours where no answer came, and what stores answer that are busy, in trouble, or have changed their mind about us
  StoreAway: "away",
  InternalError: "away",
  ServiceUnavailable: "away",
  SlowDown: "away",
  RequestTimeout: "away",
  RequestTimeTooSkewed: "away",
  AccessDenied: "away",
  ExpiredToken: "away",
  InvalidAccessKeyId: "away",
  SignatureDoesNotMatch: "away",
  NoSuchBucket: "away",
  QuotaExceeded: "full",
  InsufficientCapacity: "full",
  XMinioStorageFull: "full",
  EIO: "unwritable",
  // metadata/moving/closing.ts: the one trigger that refuses anything.
  WB001: "moving",
  SQLITE_CONSTRAINT_TRIGGER: "moving",
};

/** Undefined for every other error. Files and both databases say it with a code, their own or their cause's. */
export function storageTroubleOf(error: unknown): StorageTrouble | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code !== "string") return storageTroubleOf(cause);
  if (/^Status(?:5..|403|429)$/.test(code)) return "away";
  const isUnwritable = code.startsWith("SQLITE_READONLY") || code.startsWith("SQLITE_IOERR");
  return troubles[code] ?? (isUnwritable ? "unwritable" : storageTroubleOf(cause));
}
