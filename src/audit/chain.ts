import type { AuditEvent } from "./event.ts";

/** Where an entry stands. */
export interface Place {
  readonly node: string;
  readonly segment: number;
  readonly sequence: number;
  /** Milliseconds. */
  readonly at: number;
}

/** Before the first entry of a segment. */
export const chainStart = "";

/** An entry as it is stored and hashed. Its text is never written again, so whatever order it has is the canonical one. */
export function entryText(
  { node, segment, sequence, at }: Place,
  { who, from, projectId, ...happening }: AuditEvent,
): string {
  return JSON.stringify({ node, segment, sequence, at, project: projectId ?? "", who, from, ...happening });
}

/** The link of a chain: SHA-256 over the hash before, a line break, and the entry. */
export function hashOf(previous: string, entry: string): string {
  return new Bun.CryptoHasher("sha256").update(`${previous}\n${entry}`).digest("hex");
}
