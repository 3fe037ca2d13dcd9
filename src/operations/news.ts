import type { SigningKeys } from "../identity/signing-keys.ts";
import type { Caches } from "../registry/upstream/caches.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { Chore } from "./chores.ts";

/** Twice within the second that a node may take to know what another one did. */
const lookMilliseconds = 400;

export interface NewsServices {
  readonly metadata: Metadata;
  readonly signingKeys: SigningKeys;
  readonly caches: Caches;
}

/**
 * Brings what a node holds in memory up to date with what others did. Whatever a decision rests on is looked up by the
 * request itself; this is for the rest: which key signs now, and which projects are caches.
 */
export function news({ metadata, signingKeys, caches }: NewsServices): Chore {
  let seen = Number.NaN;
  return {
    name: "learning what other nodes did",
    everyMilliseconds: lookMilliseconds,
    onEveryNode: true,
    run: async () => {
      if (!metadata.isReachable()) return;
      const version = await metadata.hot.policyVersion();
      if (version === seen) return;
      await Promise.all([signingKeys.refresh(), caches.reload()]);
      seen = version;
    },
  };
}
