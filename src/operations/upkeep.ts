import type { Audit } from "../audit/audit.ts";
import { fromHere, serverItself } from "../audit/event.ts";
import type { Garbage } from "../registry/garbage.ts";
import { removeOrphans } from "../registry/orphans.ts";
import type { CleanedVersion, Cleanup } from "../registry/rules/cleanup.ts";
import type { Damage, Scrub, ScrubSettings } from "../registry/scrub.ts";
import type { Uploads } from "../registry/uploads.ts";
import type { BlobStore, ObjectShelves } from "../storage/blobs/blob-store.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { findProjectById } from "../storage/metadata/projects.ts";
import type { RuledRepository } from "../storage/metadata/rules.ts";
import type { Chore } from "./chores.ts";

export interface UpkeepServices {
  readonly metadata: Metadata;
  readonly uploads: Uploads;
  readonly garbage: Garbage;
  readonly scrub: Scrub;
  readonly cleanup: Cleanup;
  readonly audit: Audit;
  readonly now: () => number;
}

const minute = 60_000;
const garbageMilliseconds = 5 * minute;
const uploadsMilliseconds = 10 * minute;
const cleanupMilliseconds = 60 * minute;
const scrubMilliseconds = 30 * minute;

/**
 * What keeps an installation in order while it runs.
 *
 * @param report told what a person should know
 */
export function upkeep(
  { metadata, uploads, garbage, scrub, cleanup, audit, now }: UpkeepServices,
  store: BlobStore & ObjectShelves,
  scrubSettings: ScrubSettings,
  report: (message: string) => void,
): Chore[] {
  const startedAt = now();
  return [
    {
      name: "giving up uploads",
      everyMilliseconds: uploadsMilliseconds,
      run: async () => void (await uploads.cancelExpired()),
    },
    {
      name: "removing orphaned objects",
      run: async (signal) => void (await removeOrphans(metadata, store, startedAt, signal)),
    },
    {
      name: "cleanup by rules",
      everyMilliseconds: cleanupMilliseconds,
      run: async (signal) =>
        void (await cleanup.run(signal, (version, of) => noteCleanup(audit, metadata, version, of))),
    },
    {
      name: "garbage collection",
      everyMilliseconds: garbageMilliseconds,
      run: async () => void (await garbage.collect()),
    },
    {
      name: "the scrub",
      everyMilliseconds: scrubMilliseconds,
      run: async (signal) => {
        for (const damage of await scrub.run(scrubSettings, signal)) report(damageText(damage));
      },
    },
  ];
}

/** A rule did it. */
async function noteCleanup(audit: Audit, { read }: Metadata, version: CleanedVersion, of: RuledRepository) {
  const project = await findProjectById(read, of.projectId);
  const repository = `${project?.name.replace(":", "/") ?? of.projectId}/${of.image}`;
  const reference = version.digest;
  audit.note({
    kind: "image.deleted",
    repository,
    reference,
    who: serverItself,
    from: fromHere,
    projectId: of.projectId,
  });
}

/** One line: what is wrong with which blob, and what mends it. */
export function damageText({ digest, reason, repositories }: Damage): string {
  const where = repositories.length > 0 ? ` (in ${repositories.join(", ")})` : "";
  return `the blob ${digest}${where} is damaged: ${reason}; it is refused until it is pushed again`;
}
