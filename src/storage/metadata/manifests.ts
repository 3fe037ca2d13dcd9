import { revealBlobLinks } from "./garbage.ts";
import { countManifestBytes } from "./limits.ts";
import { missingDigests } from "./missing-digests.ts";
import { enqueueReviews, type Subject } from "./reviews.ts";
import type { Reader, ReferenceKind, Writer } from "./schema.ts";

export interface ManifestRow {
  readonly repositoryId: string;
  readonly digest: string;
  readonly mediaType: string;
  readonly artifactType: string | null;
  readonly subjectDigest: string | null;
  /** Bytes of config and layers, or of an index's children. */
  readonly imageSize: number;
  readonly createdAt: number;
  /** The principal's id. */
  readonly pushedBy: string;
  /** Exactly what was pushed. */
  readonly body: Uint8Array;
}

export interface ManifestReferenceRow {
  readonly kind: ReferenceKind;
  readonly digest: string;
  readonly mediaType: string;
  readonly size: number;
}

/** Stores a manifest with what it refers to; one that is there already stays as it is. */
export async function insertManifest(
  write: Writer,
  manifest: ManifestRow,
  references: readonly ManifestReferenceRow[],
): Promise<void> {
  const { numInsertedOrUpdatedRows } = await write
    .insertInto("manifests")
    .values({
      repository_id: manifest.repositoryId,
      digest: manifest.digest,
      media_type: manifest.mediaType,
      artifact_type: manifest.artifactType,
      subject_digest: manifest.subjectDigest,
      size: manifest.body.byteLength,
      image_size: manifest.imageSize,
      created_at: manifest.createdAt,
      pushed_by: manifest.pushedBy,
      body: manifest.body,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows !== 1n) return;
  await countManifestBytes(write, manifest.repositoryId, manifest.body.byteLength);
  const rows = references.map(({ kind, digest, mediaType, size }, position) => ({
    repository_id: manifest.repositoryId,
    manifest_digest: manifest.digest,
    position,
    kind,
    digest,
    media_type: mediaType,
    size,
  }));
  const pageSize = 100;
  for (let start = 0; start < rows.length; start += pageSize) {
    await write
      .insertInto("manifest_references")
      .values(rows.slice(start, start + pageSize))
      .execute();
  }
  const blobs = references.filter(({ kind }) => kind === "config" || kind === "layer").map(({ digest }) => digest);
  await revealBlobLinks(write, manifest.repositoryId, blobs);
}

/** Those of `digests` that are not manifests of the repository. */
export async function missingManifests(
  read: Reader,
  repositoryId: string,
  digests: readonly string[],
): Promise<string[]> {
  return await missingDigests(digests, (page) =>
    read
      .selectFrom("manifests")
      .select("digest")
      .where("repository_id", "=", repositoryId)
      .where("digest", "in", page)
      .execute(),
  );
}

/** A manifest that names another as its subject. */
export interface ReferrerRow {
  readonly digest: string;
  readonly mediaType: string;
  readonly artifactType: string | null;
  /** Bytes of the manifest. */
  readonly size: number;
}

/** The manifests that refer to a subject, in the order of their digests, those after `after` only. */
export async function listReferrers(
  read: Reader,
  repositoryId: string,
  subject: string,
  artifactType: string | undefined,
  after: string,
  limit: number,
): Promise<ReferrerRow[]> {
  const query = read
    .selectFrom("manifests")
    .select(["digest", "media_type as mediaType", "artifact_type as artifactType", "size"])
    .where("repository_id", "=", repositoryId)
    .where("subject_digest", "=", subject)
    .where("digest", ">", after);
  const filtered = artifactType === undefined ? query : query.where("artifact_type", "=", artifactType);
  return await filtered.orderBy("digest").limit(limit).execute();
}

/** Removes a manifest and what it refers to; its tags must be gone. True when it was there. */
export async function deleteManifest(
  write: Writer,
  repositoryId: string,
  digest: string,
  now: number,
): Promise<boolean> {
  const leftAlone = await dependants(write, repositoryId, digest);
  const deleted = await write
    .deleteFrom("manifests")
    .where("repository_id", "=", repositoryId)
    .where("digest", "=", digest)
    .returning("size")
    .executeTakeFirst();
  if (!deleted) return false;
  await countManifestBytes(write, repositoryId, -deleted.size);
  await enqueueReviews(write, [...leftAlone, { kind: "repository", repositoryId, digest: "" }], now);
  return true;
}

/** What a manifest may be the last reason to keep: its blobs, its children, and the manifests that refer to it. */
async function dependants(read: Reader, repositoryId: string, digest: string): Promise<Subject[]> {
  const references = await read
    .selectFrom("manifest_references")
    .select(["kind", "digest"])
    .where("repository_id", "=", repositoryId)
    .where("manifest_digest", "=", digest)
    .where("kind", "!=", "subject")
    .execute();
  const referrers = await read
    .selectFrom("manifests")
    .select("digest")
    .where("repository_id", "=", repositoryId)
    .where("subject_digest", "=", digest)
    .execute();
  return [
    ...references.map(
      (to): Subject => ({ kind: to.kind === "child" ? "manifest" : "blob", repositoryId, digest: to.digest }),
    ),
    ...referrers.map((from): Subject => ({ kind: "manifest", repositoryId, digest: from.digest })),
  ];
}
