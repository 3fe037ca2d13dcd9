/** Why somebody was not signed in. */
export type SignInErrorCode =
  /** The proof is wrong, or there is nobody whom it could prove. */
  | "refused"
  /** Too many wrong ones came before it. */
  | "slowed"
  /** A code or a page is used up or too old. */
  | "stale"
  /** What was typed cannot be: it says nothing about anybody. */
  | "invalid";

/** A sign-in that failed. Its text is the same whether or not there is such a user. */
export class SignInError extends Error {
  readonly code: SignInErrorCode;
  readonly retryAfterSeconds: number;

  constructor(code: SignInErrorCode, message: string, { retryAfterSeconds = 0, cause = undefined as unknown } = {}) {
    super(message, { cause });
    this.name = "SignInError";
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
