/** Many images, as rows only: nothing here reads the bytes of their blobs. */
import { newObjectKey } from "../../src/storage/blobs/blob-store.ts";
import type { Metadata } from "../../src/storage/metadata/metadata.ts";
import { ensureRepository } from "../../src/storage/metadata/repositories.ts";
import type { Writer } from "../../src/storage/metadata/schema.ts";

/** Where images lie. */
export interface FilledProject {
  readonly id: string;
  readonly location: string;
}

/** Half of all images lie in one repository, the others ten in each. */
export const bigRepository = "big";
const imagesPerRepository = 10;
const imagesPerTransaction = 5000;
const rowsPerStatement = 200;
const layerBytes = 1_000_000;
const configBytes = 1500;
const createdAt = Date.UTC(2026, 0, 1);

/** The tag of the image with this number: in no order that an index would like. */
export function tagOf(number: number): string {
  return `v${Bun.hash.crc32(String(number)).toString(16)}-${number}`;
}

/** @param images how many, each with a manifest, a tag, a configuration of its own and a layer that ten share */
export async function fillMetadata(metadata: Metadata, project: FilledProject, images: number): Promise<void> {
  for (let first = 0; first < images; first += imagesPerTransaction) {
    const last = Math.min(first + imagesPerTransaction, images);
    await metadata.write((write) => addImages(write, project, first, last));
  }
}

async function addImages(write: Writer, { id: projectId, location }: FilledProject, first: number, last: number) {
  const rows = new Rows();
  for (let number = first; number < last; number++) {
    const name = number % 2 === 0 ? bigRepository : `team/image-${Math.floor(number / (2 * imagesPerRepository))}`;
    const repositoryId = await rows.repository(name, () =>
      ensureRepository(write, { location, projectId, name }, createdAt),
    );
    rows.addImage(repositoryId, number);
  }
  await rows.insert(write);
}

/** Rows on their way into their tables. */
class Rows {
  readonly #repositories = new Map<string, string>();
  readonly #blobs = new Map<string, { key: string; size: number }>();
  readonly #links = new Map<string, { repository_id: string; digest: string; created_at: number }>();
  readonly #manifests: Record<string, unknown>[] = [];
  readonly #references: Record<string, unknown>[] = [];
  readonly #tags: Record<string, unknown>[] = [];
  readonly #history: Record<string, unknown>[] = [];

  async repository(name: string, ensure: () => Promise<string>): Promise<string> {
    const known = this.#repositories.get(name) ?? (await ensure());
    this.#repositories.set(name, known);
    return known;
  }

  addImage(repository_id: string, number: number): void {
    const config = { digest: digestOf(`config ${number}`), size: configBytes };
    const layer = { digest: digestOf(`layer ${Math.floor(number / 10)}`), size: layerBytes };
    const body = manifestOf(config, layer);
    const digest = digestOf(body);
    for (const [position, kind, blob] of [
      [0, "config", config],
      [1, "layer", layer],
    ] as const) {
      this.#blobs.set(blob.digest, { key: newObjectKey(), size: blob.size });
      this.#links.set(`${repository_id} ${blob.digest}`, {
        repository_id,
        digest: blob.digest,
        created_at: createdAt,
      });
      const media_type = `application/vnd.oci.image.${kind}.v1`;
      this.#references.push({ repository_id, manifest_digest: digest, position, kind, ...blob, media_type });
    }
    this.#manifests.push({
      repository_id,
      digest,
      media_type: "application/vnd.oci.image.manifest.v1+json",
      artifact_type: null,
      subject_digest: null,
      size: body.byteLength,
      image_size: config.size + layer.size,
      created_at: createdAt,
      pushed_by: "serviceAccount:1",
      body,
    });
    const name = tagOf(number);
    this.#tags.push({ repository_id, name, digest, updated_at: createdAt });
    const change = { from_digest: null, to_digest: digest, changed_at: createdAt, changed_by: "serviceAccount:1" };
    this.#history.push({ repository_id, name, ...change });
  }

  async insert(write: Writer): Promise<void> {
    const objects = [...this.#blobs.values()].map((object) => ({ ...object, created_at: createdAt }));
    const blobs = [...this.#blobs].map(([digest, { key, size }]) => ({
      digest,
      object_key: key,
      size,
      created_at: createdAt,
      verified_at: createdAt,
      quarantined_at: null,
    }));
    await insert(write, "objects", objects);
    await insert(write, "blobs", blobs);
    await insert(write, "blob_links", [...this.#links.values()]);
    await insert(write, "manifests", this.#manifests);
    await insert(write, "manifest_references", this.#references);
    await insert(write, "tags", this.#tags);
    await insert(write, "tag_history", this.#history);
  }
}

async function insert(write: Writer, table: string, rows: readonly object[]): Promise<void> {
  for (let start = 0; start < rows.length; start += rowsPerStatement) {
    const page = rows.slice(start, start + rowsPerStatement);
    await write
      .insertInto(table as "objects")
      .values(page as never)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

function manifestOf(config: { digest: string; size: number }, layer: { digest: string; size: number }): Uint8Array {
  const descriptor = (kind: string, blob: object) => ({ mediaType: `application/vnd.oci.image.${kind}.v1`, ...blob });
  const text = JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: descriptor("config", config),
    layers: [descriptor("layer", layer)],
  });
  return Buffer.from(text);
}

function digestOf(content: string | Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher("sha256").update(content).digest("hex")}`;
}
