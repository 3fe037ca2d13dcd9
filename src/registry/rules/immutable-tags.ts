import { Glob } from "bun";
import type { Reader } from "../../storage/metadata/schema.ts";
import { listHolders, listTagsOf } from "../../storage/metadata/versions.ts";
import { RegistryError } from "../registry-error.ts";
import { rulesOver } from "./rule-book.ts";
import type { Rules } from "./rules.ts";

/** A repository as the metadata knows it. */
export interface RepositoryIds {
  readonly projectId: string;
  readonly repositoryId: string;
}

/** A base layer may be in very many images: what is in more than this is not looked through to the last. */
const holdersMax = 10_000;
const digestsPerStep = 200;

/** Whether the rules say that a tag stays what it is. */
export function isImmutable({ dockerConfig }: Rules, tag: string): boolean {
  if (dockerConfig?.immutableTags) return true;
  return dockerConfig?.immutableTagPatterns?.some((pattern) => new Glob(pattern).match(tag)) ?? false;
}

/** Throws DENIED where the tag is immutable. To be asked in the transaction that moves or deletes it. */
export async function requireMutableTag(read: Reader, ids: RepositoryIds, tag: string): Promise<void> {
  if (isImmutable(await rulesOver(read, ids), tag)) throw immutable(tag, `the tag ${tag}`);
}

/**
 * Throws DENIED where an immutable tag points at something that is made of this: the manifest itself, an index that has
 * it as a child, an image that has it as a blob. To be asked in the transaction that deletes it.
 */
export async function requireMutableContent(read: Reader, ids: RepositoryIds, digest: string): Promise<void> {
  const tag = await immutableTagOver(read, ids, digest);
  if (tag !== undefined) throw immutable(tag, digest);
}

/** An immutable tag that needs the digest, or undefined. */
export async function immutableTagOver(read: Reader, ids: RepositoryIds, digest: string): Promise<string | undefined> {
  const rules = await rulesOver(read, ids);
  if (!rules.dockerConfig?.immutableTags && !rules.dockerConfig?.immutableTagPatterns?.length) return undefined;
  const seen = new Set([digest]);
  for (let level = [digest]; level.length > 0 && seen.size < holdersMax; ) {
    const above: string[] = [];
    for (let start = 0; start < level.length; start += digestsPerStep) {
      const some = level.slice(start, start + digestsPerStep);
      const tags = [...(await listTagsOf(read, ids.repositoryId, some)).values()].flat();
      const found = tags.find((tag) => isImmutable(rules, tag));
      if (found !== undefined) return found;
      above.push(...(await listHolders(read, ids.repositoryId, some, holdersMax)));
    }
    level = [...new Set(above)].filter((each) => !seen.has(each));
    for (const each of level) seen.add(each);
  }
  return undefined;
}

function immutable(tag: string, what: string): RegistryError {
  const detail = { reason: "immutable tag", tag };
  const text = what === `the tag ${tag}` ? `${what} is immutable` : `${what} belongs to the immutable tag ${tag}`;
  return new RegistryError("DENIED", `${text}: it can be neither moved nor deleted; push under another tag`, {
    detail,
  });
}
