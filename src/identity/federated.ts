import type { Workload } from "./lineage.ts";
import type { Principal } from "./principal.ts";

export type FederatedPrincipal = Principal & { kind: "federated" };

/** `//iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL`: what every principal's name begins with. */
export function poolIdentifier(pool: { readonly projectId: string; readonly name: string }): string {
  return `//iam.googleapis.com/projects/${pool.projectId}/locations/global/workloadIdentityPools/${pool.name}`;
}

/** How a workload is named in tokens and in the database. */
export function federatedKey(pool: { readonly projectId: string; readonly name: string }, subject: string): string {
  return `principal:${poolIdentifier(pool)}/subject/${subject}`;
}

/** @param key as `federatedKey` wrote it */
export function federatedPrincipal(
  key: string,
  { groups, attributes }: Workload,
  pool: { readonly projectId: string; readonly poolName: string },
): FederatedPrincipal {
  const prefix = poolIdentifier({ projectId: pool.projectId, name: pool.poolName });
  const sets = [
    `${prefix}/*`,
    ...groups.map((group) => `${prefix}/group/${group}`),
    ...Object.entries(attributes).map(([name, value]) => `${prefix}/attribute.${name}/${value}`),
  ];
  return { kind: "federated", id: key.slice("principal:".length), sets, projectId: pool.projectId };
}
