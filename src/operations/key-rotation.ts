import type { SigningKeys } from "../identity/signing-keys.ts";
import type { Chore } from "./chores.ts";

const checkMilliseconds = 60 * 60_000;

/** Keeps a next signing key ready, rotates the keys when they are old, and forgets those that can verify nothing more. */
export function keyRotation(signingKeys: SigningKeys, rotateAfterMilliseconds: number): Chore {
  return {
    name: "rotating signing keys",
    everyMilliseconds: checkMilliseconds,
    run: async () => await signingKeys.maintain(rotateAfterMilliseconds),
  };
}
