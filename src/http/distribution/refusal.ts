import type { Advice } from "../../access/advice.ts";
import type { Refusal } from "../../access/decide.ts";

/** A decision that said no, on its way to becoming an answer. */
export class RefusalError extends Error {
  readonly refusal: Refusal;
  /** The project that was asked for, by id, where there is one. */
  readonly projectId: string | undefined;
  /** The whole scope that a token needs: `repository:my-project/image:pull,push`. */
  readonly scope: string;
  /** What would mend it: told to those who may read the policy. */
  readonly advice: Advice | undefined;

  constructor(refusal: Refusal, scope: string, projectId?: string, advice?: Advice) {
    super(refusal.message);
    this.name = "RefusalError";
    this.refusal = refusal;
    this.scope = scope;
    this.projectId = projectId;
    this.advice = advice;
  }
}
