import { readLimits } from "../../storage/metadata/limits.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { listRuledProjects, listRuledRepositories, type RuledRepository } from "../../storage/metadata/rules.ts";
import { listTagsOf, listVersions, type VersionRow } from "../../storage/metadata/versions.ts";
import { deleteVersion } from "./delete-version.ts";
import { immutableTagOver } from "./immutable-tags.ts";
import { type JudgedVersion, judge } from "./judge.ts";
import { rulesOver } from "./rule-book.ts";
import type { Rules } from "./rules.ts";

/** A version that a rule let go, or would let go. */
export interface CleanedVersion {
  readonly location: string;
  /** The image's path below its project. */
  readonly image: string;
  readonly digest: string;
  readonly tags: readonly string[];
  readonly createdAt: number;
  /** Bytes that the version names; some of them may belong to others too. */
  readonly bytes: number;
  /** The policy's name. */
  readonly policy: string;
  /** Manifests that went with it: children and referrers that nothing else needs. Empty where nothing was deleted. */
  readonly alongside: readonly string[];
  /** False in a dry run, and where the rules ask for one. */
  readonly deleted: boolean;
}

const pageSize = 100;
const versionsPerPage = 200;

/**
 * Deletes what the rules of projects and repositories let go: each version in a transaction of its own, in which
 * everything is asked once more, so that a push that comes between wins. Bytes are freed by garbage collection.
 */
export class Cleanup {
  readonly #metadata: Metadata;
  readonly #now: () => number;

  constructor(metadata: Metadata, now: () => number) {
    this.#metadata = metadata;
    this.#now = now;
  }

  /** Cleans up wherever there are rules. Answers how many versions were deleted. */
  async run(signal?: AbortSignal, told?: (version: CleanedVersion, of: RuledRepository) => Promise<void>) {
    let deleted = 0;
    for await (const repository of this.#everywhere()) {
      if (signal?.aborted) break;
      for await (const version of this.repository(repository, false)) {
        if (version.deleted) deleted++;
        if (version.deleted) await told?.(version, repository);
        if (signal?.aborted) break;
      }
    }
    return deleted;
  }

  /** A project's repositories that have rules, those after `after` only. */
  async repositories(projectId: string, after: string, limit: number): Promise<RuledRepository[]> {
    return await listRuledRepositories(this.#metadata.read, projectId, after, limit);
  }

  /** Cleans up one repository, from its newest version to its oldest. */
  async *repository(repository: RuledRepository, dryRun: boolean): AsyncGenerator<CleanedVersion> {
    const ids = { projectId: repository.projectId, repositoryId: repository.id };
    const rules = await rulesOver(this.#metadata.read, ids);
    if (!rules.cleanupPolicies?.some(({ action }) => action === "Delete")) return;
    const { readOnlyAt } = await readLimits(this.#metadata.read, ids.projectId);
    const act = !dryRun && !rules.cleanupPolicyDryRun && readOnlyAt === null;
    for await (const { version, bytes, policy } of this.#doomed(repository, rules)) {
      const alongside = act ? await deleteVersion(this.#metadata, ids, rules, version, this.#now()) : [];
      if (alongside === undefined) continue;
      const { digest, tags, createdAt, image } = version;
      const { location } = repository;
      yield { location, image, digest, tags, createdAt, bytes, policy, alongside, deleted: act };
    }
  }

  /** Every repository that has rules. The cost follows these, not how many there are. */
  async *#everywhere(): AsyncGenerator<RuledRepository> {
    const projects = pages((after) => listRuledProjects(this.#metadata.read, after, pageSize), String);
    for await (const projectId of projects) {
      yield* pages(
        (after) => this.repositories(projectId, after, pageSize),
        ({ id }) => id,
      );
    }
  }

  async *#doomed({ id, projectId, image }: RuledRepository, { cleanupPolicies = [] }: Rules) {
    const { read } = this.#metadata;
    let rank = 0;
    for (let last: VersionRow | undefined; ; ) {
      const page: VersionRow[] = await listVersions(read, id, last, versionsPerPage);
      const digests = page.map(({ digest }) => digest);
      const tags = await listTagsOf(read, id, digests);
      for (const { digest, createdAt, bytes } of page) {
        const version: JudgedVersion = { digest, createdAt, tags: tags.get(digest) ?? [], rank: rank++, image };
        const policy = judge(cleanupPolicies, version, this.#now());
        if (policy === undefined) continue;
        if ((await immutableTagOver(read, { projectId, repositoryId: id }, digest)) === undefined)
          yield { version, bytes, policy };
      }
      last = page.at(-1);
      if (page.length < versionsPerPage) return;
    }
  }
}

/** Every item of a listing by key. */
async function* pages<Item>(
  page: (after: string) => Promise<Item[]>,
  keyOf: (item: Item) => string,
): AsyncGenerator<Item> {
  for (let after: string | undefined = ""; after !== undefined; ) {
    const items: Item[] = await page(after);
    yield* items;
    const last = items.at(-1);
    after = items.length < pageSize || last === undefined ? undefined : keyOf(last);
  }
}
