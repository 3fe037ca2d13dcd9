import { expect, test } from "bun:test";
import { S3Error } from "../../src/storage/blobs/s3-error.ts";
import { storageTroubleOf } from "../../src/storage/storage-trouble.ts";

const coded = (code: string, cause?: unknown) => Object.assign(new Error("no", { cause }), { code });

const errors: [string, unknown, ReturnType<typeof storageTroubleOf>][] = [
  ["a file on a full disk", coded("ENOSPC"), "full"],
  ["a used-up quota of the system", coded("EDQUOT"), "full"],
  ["SQLite on a full disk", coded("SQLITE_FULL"), "full"],
  ["PostgreSQL on a full disk", coded("53100"), "full"],
  ["a read-only file system", coded("EROFS"), "unwritable"],
  ["a broken disk", coded("EIO"), "unwritable"],
  ["SQLite on a broken disk", coded("SQLITE_IOERR_WRITE"), "unwritable"],
  ["SQLite on a read-only disk", coded("SQLITE_READONLY_DBMOVED"), "unwritable"],
  ["a sync that failed", new Error("a write did not reach the disk", { cause: coded("EIO") }), "unwritable"],
  ["a coded error with such a cause", coded("ERR_OTHER", coded("ENOSPC")), "full"],
  ["S3 that does not answer", new S3Error("StoreAway", "no"), "away"],
  ["S3 in trouble", new S3Error("Status502", "no", { status: 502 }), "away"],
  ["S3 that refuses", new S3Error("AccessDenied", "no", { status: 403 }), "away"],
  ["a full S3", new S3Error("QuotaExceeded", "no", { status: 403 }), "full"],
  ["PostgreSQL whose installation moves", coded("WB001"), "moving"],
  ["SQLite whose installation moves", coded("SQLITE_CONSTRAINT_TRIGGER"), "moving"],
  ["an object that is not there", new S3Error("NoSuchKey", "no", { status: 404 }), undefined],
  ["something else", coded("ECONNRESET"), undefined],
  ["an error without a code", new Error("no"), undefined],
  ["no error at all", "ENOSPC", undefined],
  ["nothing", undefined, undefined],
];
test.each(errors)("storageTroubleOf knows %s", (_name, error, trouble) => {
  expect(storageTroubleOf(error)).toBe(trouble as never);
});
