import { expect, test } from "bun:test";
import fc from "fast-check";
import type { Kysely } from "kysely";
import { commitBlob, linkBlob, unlinkBlob } from "../../../../src/storage/metadata/blobs.ts";
import {
  countLink,
  countManifestBytes,
  hasProjectBlob,
  readLimits,
  setBytesMax,
  setReadOnlyAt,
  uncountLink,
} from "../../../../src/storage/metadata/limits.ts";
import { deleteManifest, insertManifest } from "../../../../src/storage/metadata/manifests.ts";
import { countEverything } from "../../../../src/storage/metadata/migrations/0004-rules.ts";
import { ensureRepository } from "../../../../src/storage/metadata/repositories.ts";
import type { Suite } from "../databases.ts";
import { addProject, digestOf, manifestRow, newId, now } from "../fixtures.ts";

/** The counter of a project's bytes is what a recount says, whatever happened. */
export function limits(suite: Suite): void {
  /** Adds up what is there, without the counter and its table. */
  async function recount(projectId: string): Promise<number> {
    const { read } = suite.metadata;
    const linked = await read
      .selectFrom("blob_links")
      .innerJoin("blobs", "blobs.digest", "blob_links.digest")
      .innerJoin("repositories", "repositories.id", "blob_links.repository_id")
      .select(["blobs.digest", "blobs.size"])
      .distinct()
      .where("repositories.project_id", "=", projectId)
      .execute();
    const manifests = await read
      .selectFrom("manifests")
      .innerJoin("repositories", "repositories.id", "manifests.repository_id")
      .select("manifests.size")
      .where("repositories.project_id", "=", projectId)
      .execute();
    return [...linked, ...manifests].reduce((sum, { size }) => sum + size, 0);
  }

  async function newPlaces() {
    const projects = [(await addProject(suite.metadata)).id, (await addProject(suite.metadata)).id];
    const repositories: string[] = [];
    for (const [index, name] of ["a", "b", "c"].entries()) {
      const projectId = projects[index % 2] as string;
      repositories.push(
        await suite.metadata.write((write) => ensureRepository(write, { location: "eu", projectId, name }, now)),
      );
    }
    return { projects: projects as [string, string], repositories: repositories as [string, string, string] };
  }

  test("a project without limits has none, and uses nothing", async () => {
    const none = { usedBytes: 0, bytesMax: null, readOnlyAt: null };
    expect(await readLimits(suite.metadata.read, "absent")).toEqual(none);
  });

  test("limits are set and taken off, and leave the counter alone", async () => {
    const { projects, repositories } = await newPlaces();
    const limitsOf = () => readLimits(suite.metadata.read, projects[0]);
    await suite.metadata.write((write) => setBytesMax(write, projects[0], 2 ** 50));
    await suite.metadata.write((write) => setReadOnlyAt(write, projects[0], now));
    expect(await limitsOf()).toEqual({ usedBytes: 0, bytesMax: 2 ** 50, readOnlyAt: now });
    await suite.metadata.write((write) => countManifestBytes(write, repositories[0], 10));
    await suite.metadata.write((write) => setBytesMax(write, projects[0], null));
    await suite.metadata.write((write) => setReadOnlyAt(write, projects[0], null));
    expect(await limitsOf()).toEqual({ usedBytes: 10, bytesMax: null, readOnlyAt: null });
    expect((await readLimits(suite.metadata.read, projects[1])).usedBytes).toBe(0);
  });

  test("a blob counts once in a project, however many of its repositories have it, and once in another", async () => {
    const { projects, repositories } = await newPlaces();
    const digest = digestOf(newId());
    const used = async () => [
      (await readLimits(suite.metadata.read, projects[0])).usedBytes,
      (await readLimits(suite.metadata.read, projects[1])).usedBytes,
    ];
    const [a, b, c] = repositories;
    await suite.metadata.write((write) => commitBlob(write, a, { digest, objectKey: newId(), size: 7 }, now));
    expect(await hasProjectBlob(suite.metadata.read, projects[0], digest)).toBe(true);
    expect(await hasProjectBlob(suite.metadata.read, projects[1], digest)).toBe(false);
    await suite.metadata.write((write) => linkBlob(write, c, digest, now));
    await suite.metadata.write((write) => linkBlob(write, c, digest, now));
    expect(await used()).toEqual([7, 0]);
    await suite.metadata.write((write) => linkBlob(write, b, digest, now));
    expect(await used()).toEqual([7, 7]);
    await suite.metadata.write((write) => unlinkBlob(write, a, digest, now));
    await suite.metadata.write((write) => unlinkBlob(write, a, digest, now));
    expect(await used()).toEqual([7, 7]);
    await suite.metadata.write((write) => unlinkBlob(write, c, digest, now));
    expect(await used()).toEqual([0, 7]);
    expect(await hasProjectBlob(suite.metadata.read, projects[0], digest)).toBe(false);
  });

  test("countLink and uncountLink undo each other", async () => {
    const { projects, repositories } = await newPlaces();
    const digest = digestOf(newId());
    await suite.metadata.write((write) =>
      commitBlob(write, repositories[1], { digest, objectKey: newId(), size: 5 }, now),
    );
    const used = async () => (await readLimits(suite.metadata.read, projects[0])).usedBytes;
    await suite.metadata.write((write) => countLink(write, repositories[0], digest));
    expect(await used()).toBe(5);
    await suite.metadata.write((write) => uncountLink(write, repositories[0], digest));
    expect(await used()).toBe(0);
  });

  test("what was there before the counter is counted when it comes", async () => {
    const { projects, repositories } = await newPlaces();
    const digest = digestOf(newId());
    for (const id of repositories)
      await suite.metadata.write((write) => commitBlob(write, id, { digest, objectKey: newId(), size: 9 }, now));
    await suite.metadata.write((write) => insertManifest(write, manifestRow(repositories[0]), []));
    const all = () => Promise.all(projects.map((id) => readLimits(suite.metadata.read, id)));
    const links = () => suite.metadata.read.selectFrom("project_blobs").selectAll().orderBy("digest").execute();
    const before = [await all(), new Set((await links()).map((row) => JSON.stringify(row)))];
    await suite.metadata.write(async (write) => {
      await write.deleteFrom("project_blobs").execute();
      await write.deleteFrom("project_limits").execute();
      await countEverything(write as unknown as Kysely<unknown>);
    });
    expect([await all(), new Set((await links()).map((row) => JSON.stringify(row)))]).toEqual(before);
  });

  test("after random pushes and deletes, at once and one after the other, a recount says the same", async () => {
    const step = fc.record({
      what: fc.constantFrom("commit", "link", "unlink", "manifest", "delete manifest"),
      repository: fc.nat({ max: 2 }),
      item: fc.nat({ max: 3 }),
    });
    const property = fc.asyncProperty(fc.array(fc.array(step, { maxLength: 4 }), { maxLength: 12 }), async (rounds) => {
      const { projects, repositories } = await newPlaces();
      const run = newId();
      for (const round of rounds) {
        await Promise.all(
          round.map(({ what, repository, item }) =>
            suite.metadata
              .write(async (write) => {
                const [id, digest] = [repositories[repository] as string, digestOf(`${run}-${item}`)];
                const body = Buffer.from(`${run}-manifest-${item}`);
                if (what === "commit") await commitBlob(write, id, { digest, objectKey: newId(), size: item + 1 }, now);
                if (what === "link") await linkBlob(write, id, digest, now);
                if (what === "unlink") await unlinkBlob(write, id, digest, now);
                if (what === "manifest") await insertManifest(write, manifestRow(id, { body }), []);
                if (what === "delete manifest") await deleteManifest(write, id, digestOf(body), now);
              })
              .catch((error) => expect(String(error)).toMatch(/foreign key/i)),
          ),
        );
      }
      for (const project of projects) {
        expect((await readLimits(suite.metadata.read, project)).usedBytes).toBe(await recount(project));
      }
    });
    await fc.assert(property, { numRuns: 15, seed: 3 });
  }, 60_000);
}
