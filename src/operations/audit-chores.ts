import type { Audit } from "../audit/audit.ts";
import type { Chore } from "./chores.ts";

const checkpointMilliseconds = 60_000;
const dropMilliseconds = 60 * 60_000;

/**
 * What keeps the audit log signed, and no longer than it is to be kept.
 *
 * @param days how long entries are kept; absent where nothing is to be dropped
 */
export function auditChores(audit: Audit, days: number | undefined): Chore[] {
  const checkpoints: Chore = {
    name: "signing the audit log",
    everyMilliseconds: checkpointMilliseconds,
    onEveryNode: true, // Each has a chain of its own.
    run: async () => await audit.checkpoint(),
  };
  if (days === undefined) return [checkpoints];
  const drop: Chore = {
    name: "dropping old segments of the audit log",
    everyMilliseconds: dropMilliseconds,
    run: async (signal) => await audit.drop(days, signal),
  };
  return [checkpoints, drop];
}
