import { type AdministrationInvocation, openAdministration, show } from "../administration.ts";

interface Segment {
  readonly node: string;
  readonly segment: number;
  readonly state: "whole" | "dropped" | "broken";
  readonly entries: number;
  readonly checkpoints: number;
  readonly unsigned: number;
  readonly problem?: string;
}

/** `waybill audit verify` */
export async function run(invocation: AdministrationInvocation): Promise<number> {
  const { context } = invocation;
  const segments = await openAdministration(invocation).list<Segment>("/v1/logSegments", "segments");
  const headings = ["NODE", "SEGMENT", "STATE", "ENTRIES", "CHECKPOINTS", "UNSIGNED", "PROBLEM"];
  const rows = segments.map((each) => [
    each.node,
    each.segment,
    each.state,
    each.entries,
    each.checkpoints,
    each.unsigned,
    each.problem,
  ]);
  show(invocation, segments, { headings, rows });
  const broken = segments.filter(({ state }) => state === "broken");
  if (broken.length === 0) return 0;
  const names = broken.map(({ node, segment }) => `${node}/${segment}`).join(", ");
  context.stderr(`waybill: error: the audit log is not as it was written: ${names}\n`);
  context.stderr("waybill: hint: compare it with an export or a backup from before\n");
  return 1;
}
