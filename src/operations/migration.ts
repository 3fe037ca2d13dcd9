import type { CredentialUses } from "../identity/credential-uses.ts";
import type { ImageImports } from "../registry/upstream/image-imports.ts";
import type { Chore } from "./chores.ts";

const importMilliseconds = 2_000;
const usesMilliseconds = 5_000;

/** What a migration from another registry needs a server to do by itself. */
export function migration({
  imports,
  credentialUses,
}: {
  imports: ImageImports;
  credentialUses: CredentialUses;
}): Chore[] {
  return [
    {
      name: "importing images",
      everyMilliseconds: importMilliseconds,
      run: (signal) => imports.run(signal),
    },
    {
      name: "writing down how callers log in",
      everyMilliseconds: usesMilliseconds,
      onEveryNode: true,
      run: () => credentialUses.write(),
    },
  ];
}
