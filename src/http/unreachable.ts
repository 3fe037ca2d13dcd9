import { storageTroubleOf } from "../storage/storage-trouble.ts";

/** What everybody is told while this server's database does not answer. */
export const unreachableText = "the registry cannot reach its database, and decides nothing without it: try again soon";

/** It may be back at any moment, and another node may be better off. */
export const retryAfter = { "retry-after": "1" } as const;

const movingText = "the registry moves to another place, and takes nothing until it is there: try again soon";

/** What a caller is told of an error that passes by itself; undefined for every other. */
export function passingText(error: unknown): string | undefined {
  const trouble = storageTroubleOf(error);
  if (trouble === "unreachable") return unreachableText;
  return trouble === "moving" ? movingText : undefined;
}
