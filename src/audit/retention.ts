import { deleteAuditEntries, oldestAuditSegment } from "../storage/metadata/audit.ts";
import { insertAuditCheckpoint } from "../storage/metadata/audit-checkpoints.ts";
import { deleteOldAuditCounts } from "../storage/metadata/audit-uses.ts";
import type { AuditFoundations } from "./audit.ts";
import { signCheckpoint } from "./checkpoint.ts";
import type { Link } from "./event.ts";
import { dayOf } from "./uses.ts";

/** How far back a question about uses looks; see access/what-if.ts. */
const usesDays = 30;
const dayMilliseconds = 24 * 60 * 60 * 1000;
/** Entries that are removed in one transaction, so that nobody waits long for the database. */
const batch = 2000;

/**
 * Removes the segments whose last entry is older than so many days, whole, and keeps their checkpoints with a word signed
 * that they went. Answers what went.
 */
export async function dropOldSegments(
  { metadata, signingKeys, installationId, now }: AuditFoundations,
  days: number,
  signal: AbortSignal,
): Promise<Link[]> {
  const before = now() - days * dayMilliseconds;
  const dropped: Link[] = [];
  while (!signal.aborted) {
    const oldest = await oldestAuditSegment(metadata.read);
    if (!oldest || oldest.at >= before) break;
    const { node, segment, sequence, hash } = oldest;
    const word = signCheckpoint(signingKeys.signing("audit"), installationId, oldest, now(), "dropped");
    // The word comes first: a crash in the middle leaves a segment that is known to be going.
    await metadata.write((write) => insertAuditCheckpoint(write, word));
    while ((await metadata.write((write) => deleteAuditEntries(write, { node, segment }, batch))) === batch);
    dropped.push({ node, segment, sequence, hash });
  }
  const day = dayOf(now()) - usesDays - 1;
  await metadata.write((write) => deleteOldAuditCounts(write, day, before));
  return dropped;
}
