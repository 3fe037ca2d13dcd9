/**
 * The error codes of distribution-spec (Error Codes) and those that Docker's registry API adds to them.
 * MANIFEST_TOO_LARGE and STORAGE_FULL are ours: on the wire they are SIZE_INVALID and UNAVAILABLE, with a status of their own.
 */
export type RegistryErrorCode =
  | "BLOB_UNKNOWN"
  | "BLOB_UPLOAD_INVALID"
  | "BLOB_UPLOAD_UNKNOWN"
  | "DENIED"
  | "DIGEST_INVALID"
  | "MANIFEST_BLOB_UNKNOWN"
  | "MANIFEST_INVALID"
  | "MANIFEST_TOO_LARGE"
  | "MANIFEST_UNKNOWN"
  | "NAME_INVALID"
  | "NAME_UNKNOWN"
  | "PAGINATION_NUMBER_INVALID"
  | "RANGE_INVALID"
  | "SIZE_INVALID"
  | "STORAGE_FULL"
  | "TAG_INVALID"
  | "TOOMANYREQUESTS"
  | "UNAUTHORIZED"
  | "UNAVAILABLE"
  | "UNKNOWN"
  | "UNSUPPORTED";

/** A refusal in the registry's own words; http/distribution turns it into a response. */
export class RegistryError extends Error {
  readonly code: RegistryErrorCode;
  /** More for the client's eyes. */
  readonly detail: unknown;

  /**
   * @param message what happened, to what, and what mends it, for the client
   * @param cause for the log only
   */
  constructor(code: RegistryErrorCode, message: string, { detail, cause }: { detail?: unknown; cause?: unknown } = {}) {
    super(message, { cause });
    this.name = "RegistryError";
    this.code = code;
    this.detail = detail;
  }
}
