import { expect, test } from "bun:test";
import fc from "fast-check";
import { commitBlob, linkBlob, unlinkBlob } from "../../../../src/storage/metadata/blobs.ts";
import { deleteManifest, insertManifest } from "../../../../src/storage/metadata/manifests.ts";
import { findProject, insertProject, markProjectDeleted } from "../../../../src/storage/metadata/projects.ts";
import type { Writer } from "../../../../src/storage/metadata/schema.ts";
import { deleteTag, deleteTagsOf, listTags, putTag, tagHistory } from "../../../../src/storage/metadata/tags.ts";
import type { Suite } from "../databases.ts";
import { addRepository, digestOf, manifestRow, newId, now, projectRow } from "../fixtures.ts";
import { emptyModel, type Model, model, Refused } from "../model.ts";

/** `WAYBILL_PROPERTY_RUNS=2000 WAYBILL_PROPERTY_SEED=7` looks longer and elsewhere than continuous integration does. */
const runs = Number(process.env.WAYBILL_PROPERTY_RUNS ?? 20);
const seed = Number(process.env.WAYBILL_PROPERTY_SEED ?? 1);

const small = fc.nat({ max: 2 });
const operation = fc.constantFrom(...(Object.keys(model) as (keyof typeof model)[]));
const step = fc.record({ operation, repository: fc.nat({ max: 1 }), item: small, name: small });
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
const transaction = fc.record({ steps: fc.array(step, { minLength: 1, maxLength: 6 }), aborts: fc.boolean() });

/** Random changes leave in the database what they leave in a few maps. */
export function randomHistories(suite: Suite): void {
  test(`${runs} random histories leave what a model of a few maps says`, async () => {
    const property = fc.asyncProperty(fc.array(transaction, { minLength: 1, maxLength: 25 }), async (transactions) => {
      const run = await newRun();
      let state = emptyModel();
      for (const [at, { steps, aborts }] of transactions.entries()) {
        const next = structuredClone(state);
        const expected = expectedAnswers(run, next, steps, at);
        const written = suite.metadata.write(async (write) => {
          const answers: unknown[] = [];
          for (const [index, one] of steps.entries()) answers.push(await perform(run, write, one, at, index));
          if (aborts) throw new Error("changed its mind");
          return answers;
        });
        if (expected instanceof Refused) await expect(written).rejects.toThrow(/foreign key/i);
        else if (aborts) await expect(written).rejects.toThrow(/changed its mind/);
        else {
          expect(await written).toEqual(expected);
          state = next;
        }
        await check(run, state);
      }
    });
    await fc.assert(property, { numRuns: runs, seed });
  }, 3_600_000);

  /** Repositories and names that no other run has. */
  async function newRun() {
    const id = newId();
    const three = <T>(make: (number: number) => T) => [make(0), make(1), make(2)] as const;
    return {
      repositories: [await addRepository(suite.metadata), await addRepository(suite.metadata)] as const,
      projects: three((number) => `${id}-${number}`),
      blobs: three((number) => digestOf(`${id}-blob-${number}`)),
      bodies: three((number) => Buffer.from(`${id}-manifest-${number}`)),
      manifests: three((number) => digestOf(`${id}-manifest-${number}`)),
      tags: ["latest", "Latest", "v1"] as const,
      /** An id for what is made in one step; the same when the transaction runs again. */
      idAt: (at: number, index: number) => `${id}-${at}-${index}`,
    };
  }
  type Run = Awaited<ReturnType<typeof newRun>>;

  async function perform(run: Run, write: Writer, { operation, ...choice }: Step, at: number, index: number) {
    const repository = run.repositories[choice.repository] as string;
    const [blob, manifest] = [run.blobs[choice.item] as string, run.manifests[choice.item] as string];
    const [tag, project] = [run.tags[choice.name] as string, run.projects[choice.name] as string];
    const change = { at: now + at, by: "user-1" };
    switch (operation) {
      case "insertProject":
        return insertProject(write, projectRow({ id: run.idAt(at, index), name: project }));
      case "deleteProject": {
        const found = await findProject(write, project);
        return found && markProjectDeleted(write, found.id, now);
      }
      case "commitBlob":
        return commitBlob(write, repository, { digest: blob, objectKey: run.idAt(at, index), size: 1 }, now);
      case "linkBlob":
        return linkBlob(write, repository, blob, now);
      case "unlinkBlob":
        return unlinkBlob(write, repository, blob, now);
      case "quarantine":
        await write.updateTable("blobs").set({ quarantined_at: now }).where("digest", "=", blob).execute();
        return;
      case "insertManifest":
        return insertManifest(write, manifestRow(repository, { body: run.bodies[choice.item] as Buffer }), []);
      case "deleteManifest":
        return deleteManifest(write, repository, manifest, now);
      case "putTag":
        return putTag(write, repository, tag, manifest, change);
      case "deleteTag":
        return deleteTag(write, repository, tag, change);
      case "deleteTagsOf":
        return (await deleteTagsOf(write, repository, manifest, change)).sort();
    }
  }

  /** What the model answers to each step, changing it; or the refusal that ends the transaction. */
  function expectedAnswers(run: Run, state: Model, steps: readonly Step[], at: number): unknown[] | Refused {
    try {
      return steps.map((one, index) => expectedAnswer(run, state, one, at, index));
    } catch (error) {
      if (error instanceof Refused) return error;
      throw error;
    }
  }

  function expectedAnswer(run: Run, state: Model, { operation, ...choice }: Step, at: number, index: number): unknown {
    const repository = state.repositories[choice.repository] as Model["repositories"][0];
    const [blob, manifest] = [run.blobs[choice.item] as string, run.manifests[choice.item] as string];
    const [tag, project] = [run.tags[choice.name] as string, run.projects[choice.name] as string];
    switch (operation) {
      case "insertProject":
        return model.insertProject(state, project, run.idAt(at, index));
      case "deleteProject":
        return model.deleteProject(state, project);
      case "commitBlob":
        return model.commitBlob(state, repository, blob, run.idAt(at, index));
      case "quarantine":
        return model.quarantine(state, blob);
      case "linkBlob":
      case "unlinkBlob":
        return model[operation](state, repository, blob);
      case "insertManifest":
      case "deleteManifest":
        return model[operation](state, repository, manifest);
      case "putTag":
        return model.putTag(state, repository, tag, manifest, now + at);
      case "deleteTag":
        return model.deleteTag(state, repository, tag, now + at);
      case "deleteTagsOf":
        return model.deleteTagsOf(state, repository, manifest, now + at);
    }
  }

  async function check(run: Run, state: Model): Promise<void> {
    const { hot, read } = suite.metadata;
    for (const name of run.projects) expect(await hot.projectId(name)).toBe(state.projects.get(name) as string);
    for (const [index, id] of run.repositories.entries()) {
      const { links, manifests, tags, history } = state.repositories[index] as Model["repositories"][0];
      for (const digest of run.blobs) {
        const found = await hot.blob(id, digest);
        expect(found?.objectKey).toBe(links.has(digest) ? (state.blobs.get(digest) as string) : undefined);
        if (found) expect(found.quarantinedAt).toBe(state.quarantined.has(digest) ? now : null);
      }
      for (const digest of run.manifests)
        expect((await hot.manifest(id, digest)) !== undefined).toBe(manifests.has(digest));
      expect(await listTags(read, id, "", 10)).toEqual([...tags.keys()].sort());
      for (const name of run.tags) {
        expect(await hot.tagDigest(id, name)).toBe(tags.get(name) as string);
        const found = await tagHistory(read, id, name);
        expect(found.map(({ fromDigest: from, toDigest: to, changedAt: at }) => ({ from, to, at }))).toEqual(
          history.filter((change) => change.name === name).map(({ from, to, at }) => ({ from, to, at })),
        );
      }
    }
    const objects = await read
      .selectFrom("objects")
      .select("key")
      .where("key", "like", `${run.projects[0].slice(0, -2)}%`)
      .execute();
    expect(objects.map(({ key }) => key).sort()).toEqual([...state.blobs.values()].sort());
  }
}
