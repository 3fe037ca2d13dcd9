import type { ResourceKey } from "../storage/metadata/schema.ts";

/** What somebody wants to reach. */
export interface Resource {
  /** For people: `my-project/image`. It says nothing about whether such a thing exists. */
  readonly name: string;
  /** The resource and all that contain it: a binding on any of them counts. */
  readonly keys: readonly ResourceKey[];
}

export const installationResource: Resource = { name: "this server", keys: ["installation"] };

/** @param id absent where there is no such project: then only the installation's own policy counts */
export function projectResource(name: string, id: string | undefined): Resource {
  return { name: `project ${name}`, keys: [...(id === undefined ? [] : [`project/${id}` as const]), "installation"] };
}

export function serviceAccountResource(
  email: string,
  account: { readonly id: string; readonly projectId: string } | undefined,
): Resource {
  const keys: ResourceKey[] = account ? [`serviceAccount/${account.id}`, `project/${account.projectId}`] : [];
  return { name: `service account ${email}`, keys: [...keys, "installation"] };
}

/** A repository at a location of a project; either id is absent where there is none yet. */
export function repositoryResource(
  path: string,
  location: string,
  ids: { readonly projectId: string | undefined; readonly repositoryId: string | undefined },
): Resource {
  const { projectId, repositoryId } = ids;
  const keys: ResourceKey[] = repositoryId === undefined ? [] : [`repository/${repositoryId}`];
  if (projectId !== undefined) keys.push(locationKey(location, projectId), `project/${projectId}`);
  return { name: path, keys: [...keys, "installation"] };
}

export function locationKey(location: string, projectId: string): ResourceKey {
  return `location/${projectId}/${location}`;
}
