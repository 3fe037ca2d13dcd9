import {
  installationResource,
  locationKey,
  projectResource,
  type Resource,
  repositoryResource,
  serviceAccountResource,
} from "../../access/resource.ts";
import type { Provider } from "../../identity/federation/workload-identity.ts";
import { parseRepository, type Repository } from "../../registry/repository.ts";
import { resolveRepository } from "../../registry/resolve.ts";
import type { ProjectRow } from "../../storage/metadata/projects.ts";
import type { RulesOwner } from "../../storage/metadata/rules.ts";
import type { ResourceKey } from "../../storage/metadata/schema.ts";
import type { ServiceAccountKeyRow } from "../../storage/metadata/service-account-keys.ts";
import type { ServiceAccountRow } from "../../storage/metadata/service-accounts.ts";
import type { UserDetails } from "../../storage/metadata/users.ts";
import type { PoolRow } from "../../storage/metadata/workload-identity.ts";
import { type AccessTargets, resolveAccessTarget } from "./access-targets.ts";
import { invalidField } from "./api-error.ts";
import {
  type ArtifactTargets,
  artifactPolicy,
  findArtifactRepository,
  findPackage,
  findRegion,
} from "./artifacts/artifact-targets.ts";
import type { GoogleServices } from "./services.ts";

/** What a path can name, and what is found there. `policy` is where the policy of the thing hangs. */
export interface Targets extends AccessTargets, ArtifactTargets {
  readonly server: Record<never, never>;
  readonly project: { readonly project: ProjectRow; readonly policy: ResourceKey; readonly rulesOf: RulesOwner };
  /** What a project may use: not for its owners to say. */
  readonly quota: { readonly project: ProjectRow };
  readonly serviceAccount: {
    readonly project: ProjectRow;
    readonly account: ServiceAccountRow;
    readonly policy: ResourceKey;
  };
  readonly key: {
    readonly project: ProjectRow;
    readonly account: ServiceAccountRow;
    readonly key: ServiceAccountKeyRow;
  };
  readonly pool: { readonly project: ProjectRow; readonly pool: PoolRow };
  readonly provider: { readonly project: ProjectRow; readonly pool: PoolRow; readonly provider: Provider };
  readonly user: { readonly user: UserDetails };
  readonly location: { readonly policy: ResourceKey };
  readonly repository: { readonly policy: ResourceKey; readonly rulesOf: RulesOwner };
  /** An image at a location of ours; at one of Artifact Registry's, all that its repository has. */
  readonly repositoryPolicy: { readonly policy: ResourceKey };
}

export type TargetKind = keyof Targets;
export type PathParameters = Readonly<Record<string, string>>;

/** A thing that a path names. `found` is absent where it does not exist; `resource` reads the same then. */
export interface Target<Kind extends TargetKind = TargetKind> {
  readonly resource: Resource;
  readonly found: Targets[Kind] | undefined;
}

type Resolve<Kind extends TargetKind> = (services: GoogleServices, path: PathParameters) => Promise<Target<Kind>>;

/** Looks up what a path names. Every id is bound to its parent: elsewhere it does not exist. */
export const resolveTarget: { readonly [Kind in TargetKind]: Resolve<Kind> } = {
  ...resolveAccessTarget,
  server: async () => ({ resource: installationResource, found: {} }),
  project: findProject,
  quota: findQuota,
  serviceAccount: findServiceAccount,
  key: findKey,
  pool: findPool,
  provider: findProvider,
  user: findUser,
  location: findLocation,
  repository: findRepository,
  repositoryPolicy: findRepositoryPolicy,
  region: findRegion,
  artifactRepository: findArtifactRepository,
  package: findPackage,
};

/** By id or by number. */
async function findProject(
  { projects }: GoogleServices,
  { project: name = "" }: PathParameters,
): Promise<Target<"project">> {
  const project = await projects.resolve(name);
  return {
    resource: projectResource(name, project?.id, project?.name),
    found: project && { project, policy: `project/${project.id}`, rulesOf: { projectId: project.id } },
  };
}

/** Asked of the server's own policy: who owns a project would give it all there is. */
async function findQuota(
  { projects }: GoogleServices,
  { project: name = "" }: PathParameters,
): Promise<Target<"quota">> {
  const project = await projects.resolve(name);
  const resource = { name: `the quota of project ${name}`, keys: installationResource.keys };
  return { resource, found: project && { project } };
}

/** By e-mail or unique id; the project `-` stands for whichever the account is in. */
async function findServiceAccount(services: GoogleServices, path: PathParameters): Promise<Target<"serviceAccount">> {
  const { project: projectName = "", account: name = "" } = path;
  const { serviceAccounts, projects } = services;
  const named = await serviceAccounts.find(name.toLowerCase());
  const implied = named?.projectId ?? serviceAccounts.projectOf(name.toLowerCase()) ?? "";
  const project = await projects.resolve(projectName === "-" ? implied : projectName);
  const account = project && named?.projectId === project.id ? named : undefined;
  const resource = serviceAccountResource(name, account);
  if (project && account) return { resource, found: { project, account, policy: `serviceAccount/${account.id}` } };
  // Who may look into the project may hear that there is no such account in it.
  return { resource: { ...resource, keys: projectResource("", project?.id).keys }, found: undefined };
}

/** People belong to the server: who owns a project has no say over them. */
async function findUser({ users }: GoogleServices, { user: name = "" }: PathParameters): Promise<Target<"user">> {
  const user = await users.find(name);
  const resource = { name: `user ${name}`, keys: installationResource.keys };
  return { resource, found: user && { user } };
}

/** A key's resource is its account: keys have no policies. */
async function findKey(services: GoogleServices, path: PathParameters): Promise<Target<"key">> {
  const { resource: accountResource, found } = await findServiceAccount(services, path);
  const key = found && (await services.serviceAccountKeys.find(found.account, path.key ?? ""));
  const resource = { ...accountResource, name: `key ${path.key} of ${accountResource.name}` };
  return { resource, found: found && key && { project: found.project, account: found.account, key } };
}

/** A pool's resource is its project: pools have no policies. */
async function findPool(services: GoogleServices, path: PathParameters): Promise<Target<"pool">> {
  const { resource, found } = await findProject(services, path);
  const pool = found && (await services.workloadIdentity.findPool(found.project.id, path.pool ?? ""));
  const { project: projectName = "", pool: name = "" } = path;
  return {
    resource: { ...resource, name: `workload identity pool ${name} of project ${projectName}` },
    found: found && pool && { project: found.project, pool },
  };
}

async function findProvider(services: GoogleServices, path: PathParameters): Promise<Target<"provider">> {
  const { resource, found } = await findPool(services, path);
  const provider = found && (await services.workloadIdentity.findProvider(found.pool, path.provider ?? ""));
  return {
    resource: { ...resource, name: `provider ${path.provider} of ${resource.name}` },
    found: found && provider && { ...found, provider },
  };
}

async function findLocation(services: GoogleServices, path: PathParameters): Promise<Target<"location">> {
  const { project: projectName = "", location = "" } = path;
  const project = await services.projects.resolve(projectName);
  const { keys } = projectResource(projectName, project?.id);
  const resource = { name: `location ${location} of project ${projectName}`, keys };
  if (!project || !services.locations.includes(location)) return { resource, found: undefined };
  const policy = locationKey(location, project.id);
  return { resource: { ...resource, keys: [policy, ...keys] }, found: { policy } };
}

/** The image's path below its project; it exists from the first push on. */
async function findRepository(services: GoogleServices, path: PathParameters): Promise<Target<"repository">> {
  const { project: projectName = "", location = "", repository: image = "" } = path;
  const typed = parseImage(projectName, image, location);
  const project = await services.projects.resolve(projectName);
  const repository = project && parseImage(project.name, image, location);
  const repositoryId = repository && (await resolveRepository(services.metadata, repository)).repositoryId;
  const resource = repositoryResource(
    { ...(repository ?? typed), path: typed.path },
    { projectId: project?.id, repositoryId },
  );
  if (!project || repositoryId === undefined) return { resource, found: undefined };
  const rulesOf = { projectId: project.id, repositoryId };
  return { resource, found: { policy: `repository/${repositoryId}`, rulesOf } };
}

async function findRepositoryPolicy(
  services: GoogleServices,
  path: PathParameters,
): Promise<Target<"repositoryPolicy">> {
  const { location = "", repository = "" } = path;
  if (services.locations.includes(location)) {
    const { resource, found } = await findRepository(services, path);
    return { resource, found: found && { policy: found.policy } };
  }
  const named = { ...path, region: location, artifactRepository: repository };
  const { resource, found } = await findArtifactRepository(services, named);
  return { resource, found: found && { policy: artifactPolicy(found) } };
}

function parseImage(project: string, image: string, location: string): Repository {
  try {
    return parseRepository(`${project.replace(":", "/")}/${image}`, location);
  } catch (error) {
    throw invalidField("repository", (error as Error).message);
  }
}
