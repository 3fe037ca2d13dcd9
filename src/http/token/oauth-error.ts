/** RFC 6749 section 5.2. */
export type OAuthErrorCode =
  | "invalid_request"
  | "invalid_grant"
  | "invalid_scope"
  /** RFC 8693 section 2.2.2. */
  | "invalid_target"
  /** RFC 6750 section 3.1. */
  | "invalid_token"
  | "invalid_client"
  | "authorization_pending"
  | "slow_down"
  | "access_denied"
  | "expired_token"
  | "unsupported_grant_type"
  | "server_error";

/** A refusal in OAuth's words. */
export class OAuthError extends Error {
  readonly code: OAuthErrorCode;

  /** @param message the `error_description`, for the client */
  constructor(code: OAuthErrorCode, message: string) {
    super(message);
    this.name = "OAuthError";
    this.code = code;
  }
}
