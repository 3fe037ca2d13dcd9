import { missingBlobs } from "../storage/metadata/blobs.ts";
import { insertImageTime } from "../storage/metadata/image-times.ts";
import { insertManifest, type ManifestRow, missingManifests } from "../storage/metadata/manifests.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { ensureRepository } from "../storage/metadata/repositories.ts";
import type { Writer } from "../storage/metadata/schema.ts";
import { putTag } from "../storage/metadata/tags.ts";
import { deleteReference } from "./deletion.ts";
import { algorithmOf, type Digest, digestOf } from "./digest.ts";
import type { ImageTimes } from "./image-times.ts";
import { type Manifest, mayLieElsewhere, parseManifest, requireManifestSize } from "./manifest.ts";
import type { Outbox } from "./outbox.ts";
import type { Reference, Tag } from "./reference.ts";
import { RegistryError } from "./registry-error.ts";
import { existingProject, existingRepository, type ResolvedRepository } from "./resolve.ts";
import { type RepositoryIds, requireMutableTag } from "./rules/immutable-tags.ts";
import { withinLimits } from "./rules/limits.ts";

/** A manifest to be stored. */
export interface ManifestPush {
  /** What the client says the bytes hash to. */
  readonly digest: Digest | undefined;
  /** Tags to point at the manifest. */
  readonly tags: readonly Tag[];
  readonly contentType: string;
  readonly body: Uint8Array;
  /** The pushing principal's id. */
  readonly principal: string;
  /** Asked inside the transaction, once it is known whether the tag is new: throws where the pusher may not. */
  readonly allowTag: (change: "create" | "move") => void;
  /** Set for the manifest of a cache: what it names comes when somebody asks for it. */
  readonly mayLackParts?: true;
}

export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly body: Uint8Array;
}

/** The manifests and tags of every repository. */
export class Manifests {
  readonly #metadata: Metadata;
  readonly #imageTimes: ImageTimes;
  readonly #now: () => number;
  readonly #outbox: Outbox | undefined;

  /** @param outbox told of pushes and deletions, inside their transactions */
  constructor(metadata: Metadata, imageTimes: ImageTimes, now: () => number, outbox?: Outbox) {
    this.#outbox = outbox;
    this.#metadata = metadata;
    this.#imageTimes = imageTimes;
    this.#now = now;
  }

  /** Throws NAME_UNKNOWN or MANIFEST_UNKNOWN. */
  async get(resolved: ResolvedRepository, reference: Reference): Promise<StoredManifest> {
    const repositoryId = existingRepository(resolved);
    if (reference.kind === "tag") {
      const row = await this.#metadata.hot.taggedManifest(repositoryId, reference.tag);
      if (row) return row as StoredManifest;
    } else {
      const row = await this.#metadata.hot.manifest(repositoryId, reference.digest);
      if (row) return { digest: reference.digest, mediaType: row.mediaType, body: row.body };
    }
    throw unknown(resolved, reference);
  }

  /** The manifest without its bytes; `size` in bytes. Throws as `get` does. */
  async head(resolved: ResolvedRepository, reference: Reference) {
    const { repositoryId, digest } = await this.#find(resolved, reference);
    const row = await this.#metadata.hot.manifestHead(repositoryId, digest);
    if (!row) throw unknown(resolved, reference);
    return { digest, ...row };
  }

  /**
   * Stores a manifest and points its tags at it, all or nothing. Answers its digest and its subject.
   * Throws MANIFEST_INVALID, MANIFEST_TOO_LARGE, DIGEST_INVALID, MANIFEST_BLOB_UNKNOWN, NAME_UNKNOWN, DENIED, UNSUPPORTED.
   */
  async put(
    resolved: ResolvedRepository,
    push: ManifestPush,
  ): Promise<{ digest: Digest; subject: Digest | undefined }> {
    const projectId = existingProject(resolved);
    requireManifestSize(push.body.byteLength);
    const digest = digestOf(push.body, push.digest && algorithmOf(push.digest));
    if (push.digest !== undefined && push.digest !== digest) {
      throw new RegistryError("DIGEST_INVALID", `the manifest's bytes have the digest ${digest}`);
    }
    const manifest = parseManifest(push.body, push.contentType);
    const imageCreatedAt = await this.#imageTimes.createdAt(resolved.repositoryId, manifest);
    const { location, image: name } = resolved.repository;
    const store = async (write: Writer) => {
      const now = this.#now();
      const repositoryId = await ensureRepository(write, { location, projectId, name }, now);
      if (!push.mayLackParts) await requireReferences(write, repositoryId, manifest);
      await insertManifest(write, toRow(repositoryId, digest, manifest, push, now), manifest.references);
      if (imageCreatedAt !== undefined) await insertImageTime(write, repositoryId, digest, imageCreatedAt);
      for (const tag of push.tags) await this.#tag(write, { projectId, repositoryId }, tag, digest, push, now);
      if (push.mayLackParts) return; // Nobody pushed it: a cache fetched it.
      const { principal, tags } = push;
      const what = { mediaType: manifest.mediaType, size: push.body.byteLength, digest, tags, principal, at: now };
      await this.#outbox?.(write, { kind: "pushed", repository: resolved.repository, projectId, ...what });
    };
    await this.#metadata.write((write) => withinLimits(write, projectId, () => store(write)));
    return { digest, subject: manifest.subject };
  }

  /** Removes a tag, or a manifest with all its tags. Throws NAME_UNKNOWN, MANIFEST_UNKNOWN, DENIED or UNSUPPORTED. */
  async delete(resolved: ResolvedRepository, reference: Reference, principal: string): Promise<void> {
    await this.deleteAll(resolved, [reference], principal);
  }

  /** As `delete`, of several, all or nothing. */
  async deleteAll(resolved: ResolvedRepository, references: readonly Reference[], principal: string): Promise<void> {
    const repositoryId = existingRepository(resolved);
    const change = { at: this.#now(), by: principal };
    const ids = { projectId: existingProject(resolved), repositoryId };
    await this.#metadata.write((write) =>
      withinLimits(write, ids.projectId, async () => {
        for (const reference of references) {
          if (!(await deleteReference(write, ids, reference, change))) throw unknown(resolved, reference);
          const { repository } = resolved;
          const what = { repository, projectId: ids.projectId, principal, at: change.at, reference };
          await this.#outbox?.(write, { kind: "deleted", ...what });
        }
      }),
    );
  }

  /** Points a tag at a manifest that is there. Throws NAME_UNKNOWN, MANIFEST_UNKNOWN, DENIED or UNSUPPORTED. */
  async tag(resolved: ResolvedRepository, tag: Tag, digest: Digest, by: Pick<ManifestPush, "principal" | "allowTag">) {
    const ids = { projectId: existingProject(resolved), repositoryId: existingRepository(resolved) };
    const isThere = await this.#metadata.write((write) =>
      withinLimits(write, ids.projectId, async () => {
        if ((await missingManifests(write, ids.repositoryId, [digest])).length > 0) return false;
        const now = this.#now();
        await this.#tag(write, ids, tag, digest, by, now);
        const { principal } = by;
        const what = { repository: resolved.repository, projectId: ids.projectId, principal, at: now };
        await this.#outbox?.(write, { kind: "pushed", digest, tags: [tag], ...what });
        return true;
      }),
    );
    if (!isThere) throw unknown(resolved, { kind: "digest", digest });
  }

  async #tag(
    write: Writer,
    ids: RepositoryIds,
    tag: Tag,
    digest: Digest,
    push: Pick<ManifestPush, "principal" | "allowTag">,
    now: number,
  ) {
    const before = await putTag(write, ids.repositoryId, tag, digest, { at: now, by: push.principal });
    if (before === digest) return;
    push.allowTag(before === undefined ? "create" : "move");
    if (before !== undefined) await requireMutableTag(write, ids, tag);
  }

  async #find(resolved: ResolvedRepository, reference: Reference) {
    const repositoryId = existingRepository(resolved);
    if (reference.kind === "digest") return { repositoryId, digest: reference.digest };
    const digest = await this.#metadata.hot.tagDigest(repositoryId, reference.tag);
    if (digest === undefined) throw unknown(resolved, reference);
    return { repositoryId, digest: digest as Digest };
  }
}

function toRow(
  repositoryId: string,
  digest: Digest,
  manifest: Manifest,
  push: ManifestPush,
  createdAt: number,
): ManifestRow {
  return {
    repositoryId,
    digest,
    mediaType: manifest.mediaType,
    artifactType: manifest.artifactType ?? null,
    subjectDigest: manifest.subject ?? null,
    imageSize: manifest.references.reduce((sum, { kind, size }) => (kind === "subject" ? sum : sum + size), 0),
    createdAt,
    pushedBy: push.principal,
    body: push.body,
  };
}

/** Everything a manifest names must be in its own repository; only its subject may come later (distribution-spec). */
async function requireReferences(write: Writer, repositoryId: string, { references }: Manifest): Promise<void> {
  const blobs = references.filter(({ kind }) => kind === "config" || kind === "layer");
  const needed = blobs.filter((reference) => !mayLieElsewhere(reference)).map(({ digest }) => digest);
  const children = references.filter(({ kind }) => kind === "child").map(({ digest }) => digest);
  const missing = [
    ...(await missingBlobs(write, repositoryId, needed)),
    ...(await missingManifests(write, repositoryId, children)),
  ];
  if (missing.length === 0) return;
  throw new RegistryError(
    "MANIFEST_BLOB_UNKNOWN",
    `the manifest names ${missing.length} that this repository does not have, first ${missing[0]}: push them before it`,
    { detail: missing.slice(0, 10).map((digest) => ({ digest })) },
  );
}

function unknown({ repository }: ResolvedRepository, reference: Reference): RegistryError {
  const name =
    reference.kind === "tag" ? `${repository.path}:${reference.tag}` : `${repository.path}@${reference.digest}`;
  return new RegistryError("MANIFEST_UNKNOWN", `there is no manifest ${name}`);
}
