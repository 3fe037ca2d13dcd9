import type { CleanupPolicy, VersionCondition } from "./rules.ts";

/** A manifest as policies see it. */
export interface JudgedVersion {
  readonly digest: string;
  readonly createdAt: number;
  readonly tags: readonly string[];
  /** How many versions of the image are newer. */
  readonly rank: number;
  /** The image's path below its project. */
  readonly image: string;
}

/** The policy that lets a version go, or undefined: whatever one policy keeps, none deletes. */
export function judge(policies: readonly CleanupPolicy[], version: JudgedVersion, now: number): string | undefined {
  const matching = policies.filter((policy) => matches(policy, version, now));
  if (matching.some(({ action }) => action === "Keep")) return undefined;
  return matching[0]?.name;
}

function matches({ condition, mostRecentVersions }: CleanupPolicy, version: JudgedVersion, now: number): boolean {
  if (condition) return meets(condition, version, now);
  if (!mostRecentVersions) return false;
  const { keepCount, packageNamePrefixes } = mostRecentVersions;
  return startsWithOne(version.image, packageNamePrefixes) && version.rank < keepCount;
}

function meets(condition: VersionCondition, { digest, createdAt, tags, image }: JudgedVersion, now: number): boolean {
  const { tagState, tagPrefixes, packageNamePrefixes, versionNamePrefixes, olderThan, newerThan } = condition;
  const age = now - createdAt;
  return (
    (tagState === "ANY" || (tagState === "TAGGED") === tags.length > 0) &&
    (tagPrefixes === undefined || tags.some((tag) => startsWithOne(tag, tagPrefixes))) &&
    startsWithOne(image, packageNamePrefixes) &&
    startsWithOne(digest, versionNamePrefixes) &&
    (olderThan === undefined || age > milliseconds(olderThan)) &&
    (newerThan === undefined || age < milliseconds(newerThan))
  );
}

function startsWithOne(text: string, prefixes: readonly string[] | undefined): boolean {
  return prefixes === undefined || prefixes.some((prefix) => text.startsWith(prefix));
}

/** @param duration `3600s`, as the rules are kept */
function milliseconds(duration: string): number {
  return Number(duration.slice(0, -1)) * 1000;
}
