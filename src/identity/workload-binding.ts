import { IdentityError } from "./identity-error.ts";
import { type Principal, principalKey } from "./principal.ts";

/**
 * Where a token, or a whole account, is bound to a workload, everything must have begun with that workload's own token of its
 * issuer: no key, no login and no other account will do, whatever they may become (docs/workload-identity.md).
 */
const workloadPattern = /^principal(?:Set)?:\/\/iam\.googleapis\.com\/\P{Cc}{1,400}$/u;
export const workloadForm = "principal://iam.googleapis.com/… or principalSet://iam.googleapis.com/…";

export function isWorkloadName(text: string): boolean {
  return workloadPattern.test(text);
}

/** Whether somebody is this workload, or in this set of them. */
export function isWorkload(principal: Principal, workload: string): boolean {
  if (principal.kind !== "federated") return false;
  return workload === principalKey(principal) || principal.sets.some((set) => workload === `principalSet:${set}`);
}

/** A token that is bound to workloads began with one that is all of them. Throws `wrong_place`. */
export function requireAllWorkloads(first: Principal, workloads: readonly string[]): void {
  if (workloads.every((workload) => isWorkload(first, workload))) return;
  throw new IdentityError("wrong_place", "the token is bound to another workload");
}

/** Whether an account may be used by what began with somebody. @param workloads as the account's row has them: JSON, or empty */
export function admitsWorkload(workloads: string, first: Principal | undefined): boolean {
  if (workloads === "") return true;
  return first !== undefined && (JSON.parse(workloads) as string[]).some((workload) => isWorkload(first, workload));
}

/** Throws `wrong_place`. @param first who was at the beginning; undefined for a key */
export function requireAdmitted(workloads: string, first: Principal | undefined): void {
  if (admitsWorkload(workloads, first)) return;
  throw new IdentityError(
    "wrong_place",
    "the account is bound to a workload: only what began with that workload's own token is taken",
  );
}
