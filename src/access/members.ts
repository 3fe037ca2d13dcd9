import { type Principal, principalKey } from "../identity/principal.ts";
import type { MemberKey } from "../storage/metadata/schema.ts";

/**
 * Everybody whose bindings count for this principal by what it is; groups come on top. A domain is that of people:
 * whoever runs an account domain does not speak for the accounts in it. Outside identities are not
 * `allAuthenticatedUsers`, as with Google: their providers say who exists, and not we.
 */
export function membersOf(principal: Principal): MemberKey[] {
  const key = principalKey(principal) as MemberKey;
  switch (principal.kind) {
    case "anonymous":
      return ["allUsers"];
    case "serviceAccount":
      return [key, "allAuthenticatedUsers", "allUsers"];
    case "user": {
      const domain = principal.email.slice(principal.email.lastIndexOf("@") + 1).toLowerCase();
      return [key, `domain:${domain}`, "allAuthenticatedUsers", "allUsers"];
    }
    case "federated":
      return [key, ...principal.sets.map((set) => `principalSet:${set}` as const), "allUsers"];
  }
}
