/** Why a change to a policy, a project or an account was refused. */
export type AdministrationErrorCode = "invalid" | "not_found" | "already_exists" | "conflict" | "failed_precondition";

/** A refusal in Google's terms; http/google turns it into google.rpc.Status. */
export class AdministrationError extends Error {
  readonly code: AdministrationErrorCode;

  /** @param message for the client: what happened, to what, and what mends it */
  constructor(code: AdministrationErrorCode, message: string) {
    super(message);
    this.name = "AdministrationError";
    this.code = code;
  }
}
