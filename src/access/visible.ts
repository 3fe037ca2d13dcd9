import type { Caller } from "../identity/caller.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { listBindingsOf } from "../storage/metadata/policies.ts";
import type { ResourceKey } from "../storage/metadata/schema.ts";
import { membersOf } from "./members.ts";
import type { Permission } from "./permissions.ts";
import { roles } from "./roles.ts";
import { scopesReach } from "./scope-limits.ts";

/** Whoever is named on more resources than this sees some of them only by asking for them by name. */
const bindingsMax = 5000;

/** The resources on which a caller has a permission, for listings: all, or those that a binding names. */
export async function visibleResources(
  metadata: Metadata,
  caller: Caller,
  permission: Permission,
): Promise<"everything" | readonly ResourceKey[]> {
  if (caller.principal.kind !== "anonymous" && !scopesReach(caller.scopes, permission)) return [];
  const bindings = await listBindingsOf(metadata.read, membersOf(caller.principal), bindingsMax);
  const resources = bindings
    .filter(({ role, condition }) => condition === "" && roles.get(role)?.permissions.has(permission))
    .map(({ resource }) => resource);
  return resources.includes("installation") ? "everything" : [...new Set(resources)];
}
