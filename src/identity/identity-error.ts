/** Why a credential was not believed. */
export type IdentityErrorCode =
  | "malformed"
  | "unknown_key"
  | "not_live"
  | "bad_signature"
  | "wrong_audience"
  | "wrong_claims"
  | "expired"
  | "not_yet_valid"
  | "insecure_transport"
  | "unsupported_username"
  | "unknown_provider"
  | "wrong_place";

/** A credential that proves nobody. */
export class IdentityError extends Error {
  readonly code: IdentityErrorCode;

  /** @param message for the client: it says nothing that the credential's sender cannot know */
  constructor(code: IdentityErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "IdentityError";
    this.code = code;
  }
}
