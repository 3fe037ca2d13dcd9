import { readLimits } from "../../storage/metadata/limits.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import type { Writer } from "../../storage/metadata/schema.ts";
import { findVersion, listDependants, listTagsOf } from "../../storage/metadata/versions.ts";
import { deleteReference } from "../deletion.ts";
import type { Digest } from "../digest.ts";
import { immutableTagOver, type RepositoryIds } from "./immutable-tags.ts";
import { type JudgedVersion, judge } from "./judge.ts";
import { rulesOver } from "./rule-book.ts";
import type { Rules } from "./rules.ts";

/** Who stands in a tag's history where a rule deleted it. */
export const cleanupPrincipal = "cleanup";

/** An index of indexes may have many: a transaction that others wait for ends here, the rest is versions of the next run. */
const alongsideMax = 200;

/**
 * Deletes a version that was judged, and what only it needed: its children and the manifests that refer to it, unless they
 * have a tag, something else needs them, or a policy keeps them. Answers their digests; undefined where the version is
 * gone, was tagged anew, is needed by now, or where the rules have changed since.
 */
export async function deleteVersion(
  metadata: Metadata,
  ids: RepositoryIds,
  rules: Rules,
  version: JudgedVersion,
  now: number,
): Promise<string[] | undefined> {
  return await metadata.write(async (write) => {
    if (!(await isStillDoomed(write, ids, rules, version))) return undefined;
    const doomed = [version.digest];
    for (let next = 0; next < doomed.length && next < alongsideMax; next++) {
      const digest = doomed[next] as Digest;
      const dependants = await listDependants(write, ids.repositoryId, digest);
      await deleteReference(write, ids, { kind: "digest", digest }, { at: now, by: cleanupPrincipal });
      for (const dependant of dependants) {
        if (doomed.includes(dependant)) continue;
        if (await mayGoAlong(write, ids, rules, dependant, version.image, now)) doomed.push(dependant);
      }
    }
    return doomed.slice(1, alongsideMax);
  });
}

async function isStillDoomed(write: Writer, ids: RepositoryIds, rules: Rules, { digest, tags }: JudgedVersion) {
  if ((await readLimits(write, ids.projectId)).readOnlyAt !== null) return false;
  if (JSON.stringify(await rulesOver(write, ids)) !== JSON.stringify(rules)) return false;
  if (!(await findVersion(write, ids.repositoryId, digest))) return false;
  const current = (await listTagsOf(write, ids.repositoryId, [digest])).get(digest) ?? [];
  if (current.join() !== tags.join()) return false;
  return (await immutableTagOver(write, ids, digest)) === undefined;
}

async function mayGoAlong(
  write: Writer,
  { repositoryId }: RepositoryIds,
  { cleanupPolicies = [] }: Rules,
  digest: string,
  image: string,
  now: number,
): Promise<boolean> {
  const row = await findVersion(write, repositoryId, digest);
  if (!row || (await listTagsOf(write, repositoryId, [digest])).has(digest)) return false;
  const keeps = cleanupPolicies.filter(({ action, condition }) => action === "Keep" && condition);
  // Judged as if the rule were to delete: a kept one comes out other than "alongside".
  const all = { name: "alongside", action: "Delete", condition: { tagState: "ANY" } } as const;
  return judge([...keeps, all], { ...row, tags: [], rank: 0, image }, now) !== undefined;
}
