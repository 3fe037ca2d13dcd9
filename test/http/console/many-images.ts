import { digestOf } from "../../../src/registry/digest.ts";
import type { Writer } from "../../../src/storage/metadata/schema.ts";
import type { TestServer } from "../../server.ts";

/** Rows of one statement: SQLite takes 32766 parameters. */
const rowsPerStatement = 200;
const mediaType = "application/vnd.oci.image.manifest.v1+json";

type Tables = "repositories" | "manifests" | "tags";

/**
 * Fills a project through the metadata layer: as many repositories, each with an image and a tag, and in the repository
 * `app` as many images and, at the newest one, as many tags. Their bytes are not there.
 */
export async function fillMany(server: TestServer, projectId: string, repositories: number, tags: number) {
  const rows: { [Table in Tables]: Record<string, unknown>[] } = { repositories: [], manifests: [], tags: [] };
  const at = server.clock.now - 86_400_000;
  const addImage = (repository_id: string, name: string, created_at: number) => {
    const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, layers: [], annotations: { name } }));
    const digest = digestOf(body);
    const [size, image_size] = [body.byteLength, 1_000_000];
    const facts = { media_type: mediaType, artifact_type: null, subject_digest: null, pushed_by: "" };
    rows.manifests.push({ repository_id, digest, ...facts, size, image_size, created_at, body });
    return digest;
  };
  const addTag = (repository_id: string, name: string, digest: string) =>
    rows.tags.push({ repository_id, name, digest, updated_at: at });
  for (let number = 0; number <= repositories; number++) {
    const id = Bun.randomUUIDv7();
    const name = number === repositories ? "app" : `team-${number % 100}/image-${String(number).padStart(5, "0")}`;
    rows.repositories.push({ id, location: "default", project_id: projectId, name, created_at: at });
    if (name !== "app") addTag(id, "latest", addImage(id, name, at));
    else {
      for (let image = 0; image < tags; image++) {
        const digest = addImage(id, `app ${image}`, at + image);
        addTag(id, `v${image}`, digest);
        if (image === tags - 1) for (let tag = 0; tag < tags; tag++) addTag(id, `build-${tag}`, digest);
      }
    }
  }
  await server.metadata.write(async (write) => {
    for (const table of ["repositories", "manifests", "tags"] as const) await insert(write, table, rows[table]);
  });
  return rows.manifests.at(-1)?.digest as string;
}

async function insert(write: Writer, table: Tables, rows: readonly Record<string, unknown>[]): Promise<void> {
  for (let start = 0; start < rows.length; start += rowsPerStatement) {
    await write
      .insertInto(table)
      .values(rows.slice(start, start + rowsPerStatement) as never)
      .execute();
  }
}
