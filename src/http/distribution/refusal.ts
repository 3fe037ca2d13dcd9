import type { Refusal } from "../../access/decide.ts";

/** A decision that said no, on its way to becoming an answer. */
export class RefusalError extends Error {
  readonly refusal: Refusal;
  /** The whole scope that a token needs: `repository:my-project/image:pull,push`. */
  readonly scope: string;

  constructor(refusal: Refusal, scope: string) {
    super(refusal.message);
    this.name = "RefusalError";
    this.refusal = refusal;
    this.scope = scope;
  }
}
