import type { ResourceKey } from "../storage/metadata/schema.ts";

/** What somebody wants to reach. */
export interface Resource {
  /** For people: `my-project/image`. It says nothing about whether such a thing exists. */
  readonly name: string;
  /** The resource and all that contain it: a binding on any of them counts. */
  readonly keys: readonly ResourceKey[];
  /** What conditions read; all empty where it is absent. */
  readonly attributes?: ConditionAttributes;
}

/** IAM's resource attributes (cloud.google.com/iam/docs/conditions-resource-attributes). */
export interface ConditionAttributes {
  /** `projects/my-project/locations/gcr.io/repositories/team/image` */
  readonly name: string;
  /** `artifactregistry.googleapis.com/Repository` */
  readonly type: string;
  /** `artifactregistry.googleapis.com` */
  readonly service: string;
}

/** A repository's name in its parts. */
export interface RepositoryNames {
  readonly location: string;
  /** `my-project`, or `example.com:my-project` */
  readonly project: string;
  /** The path below the project. */
  readonly image: string;
  /** `my-project/image` */
  readonly path: string;
}

/** A policy can hang on the first so many folders of a name. */
export const prefixPartsMax = 8;

export const installationResource: Resource = { name: "this server", keys: ["installation"] };

/**
 * @param name as the caller wrote it
 * @param id absent where there is no such project: then only the installation's own policy counts
 * @param trueName what conditions read, where the caller wrote a number
 */
export function projectResource(name: string, id: string | undefined, trueName = name): Resource {
  return {
    name: `project ${name}`,
    keys: [...(id === undefined ? [] : [`project/${id}` as const]), "installation"],
    attributes: attributes("cloudresourcemanager", "Project", `projects/${trueName}`),
  };
}

export function serviceAccountResource(
  email: string,
  account: { readonly id: string; readonly projectId: string; readonly email: string } | undefined,
): Resource {
  const keys: ResourceKey[] = account ? [`serviceAccount/${account.id}`, `project/${account.projectId}`] : [];
  return {
    name: `service account ${email}`,
    keys: [...keys, "installation"],
    attributes: attributes("iam", "ServiceAccount", `projects/-/serviceAccounts/${account?.email ?? email}`),
  };
}

/** A repository at a location of a project; either id is absent where there is none yet. */
export function repositoryResource(
  { path, location, project, image }: RepositoryNames,
  ids: { readonly projectId: string | undefined; readonly repositoryId: string | undefined },
): Resource {
  const { projectId, repositoryId } = ids;
  const keys: ResourceKey[] = repositoryId === undefined ? [] : [`repository/${repositoryId}`];
  if (projectId !== undefined) {
    keys.push(...prefixKeys(location, projectId, image), locationKey(location, projectId), `project/${projectId}`);
  }
  const name = `projects/${project}/locations/${location}/repositories/${image}`;
  return {
    name: path,
    keys: [...keys, "installation"],
    attributes: attributes("artifactregistry", "Repository", name),
  };
}

/** Whatever of a project lies at one location. */
export function locationResource(project: string, location: string, projectId: string | undefined): Resource {
  const here = projectId === undefined ? [] : [locationKey(location, projectId)];
  return {
    name: `location ${location} of project ${project}`,
    keys: [...here, ...projectResource(project, projectId).keys],
    attributes: attributes("artifactregistry", "Location", `projects/${project}/locations/${location}`),
  };
}

/** The repositories below a path, whether or not there are any yet. @param prefix `team`, without the slash after it */
export function prefixResource(
  { project, location, prefix }: { project: string; location: string; prefix: string },
  projectId: string | undefined,
): Resource {
  const here = projectId === undefined ? [] : prefixKeys(location, projectId, `${prefix}/`);
  const name = `projects/${project}/locations/${location}/repositories/${prefix}/`;
  return {
    name: `the repositories ${project.replace(":", "/")}/${prefix}/ at ${location}`,
    keys: [...here, ...locationResource(project, location, projectId).keys],
    attributes: attributes("artifactregistry", "Repository", name),
  };
}

export function locationKey(location: string, projectId: string): ResourceKey {
  return `location/${projectId}/${location}`;
}

export function prefixKey(location: string, projectId: string, prefix: string): ResourceKey {
  return `prefix/${projectId}/${location}/${prefix}`;
}

/** The nearest folder first. `team/a/image` lies in `team/a` and in `team`. */
function prefixKeys(location: string, projectId: string, image: string): ResourceKey[] {
  const keys: ResourceKey[] = [];
  for (let slash = image.indexOf("/"); slash !== -1; slash = image.indexOf("/", slash + 1)) {
    if (keys.length === prefixPartsMax) break;
    keys.unshift(prefixKey(location, projectId, image.slice(0, slash)));
  }
  return keys;
}

function attributes(service: string, type: string, name: string): ConditionAttributes {
  return { name, type: `${service}.googleapis.com/${type}`, service: `${service}.googleapis.com` };
}
