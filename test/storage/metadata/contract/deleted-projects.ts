import { expect, test } from "bun:test";
import { Garbage } from "../../../../src/registry/garbage.ts";
import { linkBlob } from "../../../../src/storage/metadata/blobs.ts";
import { countDeletedProject } from "../../../../src/storage/metadata/deleted-projects.ts";
import { findBlob, findBlobUse } from "../../../../src/storage/metadata/garbage.ts";
import { insertManifest } from "../../../../src/storage/metadata/manifests.ts";
import { markProjectDeleted } from "../../../../src/storage/metadata/projects.ts";
import { ensureRepository, listRepositories } from "../../../../src/storage/metadata/repositories.ts";
import { enqueueReviews } from "../../../../src/storage/metadata/reviews.ts";
import { putTag } from "../../../../src/storage/metadata/tags.ts";
import type { Suite } from "../databases.ts";
import { addBlob, addProject, addRepository, manifestRow, now } from "../fixtures.ts";

const half = 60_000;
const nothing = { manifests: 0, links: 0, repositories: 0 };

export function deletedProjects(suite: Suite): void {
  /** Three repositories with images, more rows than one transaction takes. */
  async function fill() {
    const project = await addProject(suite.metadata);
    const digests: string[] = [];
    for (const name of ["a", "b", "c/d"]) {
      const id = await suite.metadata.write((write) =>
        ensureRepository(write, { location: "eu", projectId: project.id, name }, now),
      );
      for (let count = 0; count < 18; count++) {
        const digest = await addBlob(suite.metadata, id);
        digests.push(digest);
        const manifest = manifestRow(id);
        await suite.metadata.write(async (write) => {
          await insertManifest(write, manifest, [{ kind: "layer", digest, mediaType: "x", size: 3 }]);
          await putTag(write, id, `v${count}`, manifest.digest, { at: now, by: "x" });
        });
      }
    }
    return { project, digests };
  }

  test("a deleted project's images are taken after a while, and their blobs after another", async () => {
    const { metadata } = suite;
    const { project, digests } = await fill();
    const shared = digests[0] as string;
    const elsewhere = await addRepository(metadata);
    await metadata.write(async (write) => {
      await linkBlob(write, elsewhere, shared, now);
      await insertManifest(write, manifestRow(elsewhere), [{ kind: "layer", digest: shared, mediaType: "x", size: 3 }]);
    });
    const removed: string[] = [];
    let clock = now;
    const store = { delete: async (key: string) => void removed.push(key) };
    const garbage = new Garbage(metadata, store, { graceMilliseconds: 2 * half }, () => clock);
    clock += 100 * half;
    for (let time = 0; time < 4; time++, clock += half) await garbage.collect();
    expect(await countDeletedProject(metadata.read, project.id)).toEqual(nothing);

    await metadata.write((write) => markProjectDeleted(write, project.id, clock));
    expect(await countDeletedProject(metadata.read, project.id)).toEqual({ manifests: 54, links: 54, repositories: 3 });
    clock += half - 1;
    await garbage.collect();
    expect(await countDeletedProject(metadata.read, project.id)).toEqual({ manifests: 54, links: 54, repositories: 3 });
    clock += 1;
    expect(await garbage.collect()).toMatchObject({ manifests: 54, links: 54, repositories: 3 });
    expect(await countDeletedProject(metadata.read, project.id)).toEqual(nothing);
    expect(await listRepositories(metadata.read, "eu", project.id, "", 10)).toEqual([]);
    const keys = await Promise.all(digests.map(async (digest) => (await findBlob(metadata.read, digest))?.objectKey));
    clock += half;
    expect(await garbage.collect()).toMatchObject({ blobs: 53 });
    expect(await findBlobUse(metadata.read, elsewhere, shared)).toEqual({ hiddenAt: null, isReferenced: true });
    clock += half;
    await garbage.collect();
    expect(removed.sort()).toEqual((keys.slice(1) as string[]).sort());
  }, 60_000);

  test("a living project's review takes nothing", async () => {
    const { project } = await fill();
    let clock = now + 100 * half;
    const garbage = new Garbage(suite.metadata, { delete: async () => {} }, { graceMilliseconds: half }, () => clock);
    await suite.metadata.write((write) =>
      enqueueReviews(write, [{ kind: "project", repositoryId: project.id, digest: "" }], now),
    );
    clock += half;
    await garbage.collect();
    expect(await listRepositories(suite.metadata.read, "eu", project.id, "", 10)).toHaveLength(3);
  }, 60_000);
}
