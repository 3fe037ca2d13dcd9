import type { GroupMember } from "../../access/groups.ts";
import {
  installationResource,
  prefixKey,
  prefixPartsMax,
  prefixResource,
  projectResource,
} from "../../access/resource.ts";
import { parseRepository } from "../../registry/repository.ts";
import type { CustomRoleRow } from "../../storage/metadata/custom-roles.ts";
import type { GroupRow } from "../../storage/metadata/groups.ts";
import type { ProjectRow } from "../../storage/metadata/projects.ts";
import type { MemberKey, ResourceKey } from "../../storage/metadata/schema.ts";
import { invalidField } from "./api-error.ts";
import type { GoogleServices } from "./services.ts";
import type { PathParameters, Target } from "./targets.ts";

/** What the routes of access decisions name. */
export interface AccessTargets {
  /** The whole server: Google's clients call what is above all projects an organization. */
  readonly organization: { readonly policy: ResourceKey };
  /** The repositories below a path. */
  readonly prefix: { readonly policy: ResourceKey };
  /** A project, asked about by those who stand above it. */
  readonly overseen: { readonly policy: ResourceKey };
  /** What a deny policy hangs on: a project, or the server. */
  readonly attachment: { readonly policy: ResourceKey };
  /** The same, asked about by those who stand above it. */
  readonly overseenAttachment: { readonly policy: ResourceKey };
  /** Deleted ones, too: they can be brought back. */
  readonly customRole: { readonly project: ProjectRow; readonly role: CustomRoleRow };
  readonly group: { readonly group: GroupRow };
  readonly membership: { readonly group: GroupRow; readonly member: GroupMember };
}

type Resolve<Kind extends keyof AccessTargets> = (
  services: GoogleServices,
  path: PathParameters,
) => Promise<Target<Kind>>;

/** Google's clients want a number. */
export const organizationId = "1";
const attachmentPrefix = "cloudresourcemanager.googleapis.com/";

/** As `resolveTarget`, of the routes of access decisions. */
export const resolveAccessTarget: { readonly [Kind in keyof AccessTargets]: Resolve<Kind> } = {
  organization: async (_, { organization = "" }) => findOrganization(organization),
  prefix: findPrefix,
  overseen: async (services, { project = "" }) => overseen(project, await findProject(services, project)),
  attachment: findAttachment,
  overseenAttachment: async (services, path) => {
    const { resource, found } = await findAttachment(services, path);
    return { resource: { name: `what is denied on ${resource.name}`, keys: installationResource.keys }, found };
  },
  customRole: findCustomRole,
  group: findGroup,
  membership: findMembership,
};

function findOrganization(organization: string): Target<"organization"> {
  const found = organization === organizationId ? ({ policy: "installation" } as const) : undefined;
  return { resource: { ...installationResource, name: `organization ${organization}` }, found };
}

async function findProject({ projects }: GoogleServices, name: string): Promise<Target<"attachment">> {
  const project = await projects.resolve(name);
  return {
    resource: projectResource(name, project?.id, project?.name),
    found: project && { policy: `project/${project.id}` },
  };
}

function overseen(name: string, { found }: Target<"attachment">): Target<"overseen"> {
  return { resource: { name: `what limits project ${name}`, keys: installationResource.keys }, found };
}

/** gcloud encodes the slashes of an attachment point twice. */
export function attachmentOf(text: string): string {
  return text.replaceAll(/%2f/gi, "/");
}

/** `cloudresourcemanager.googleapis.com/projects/my-project`, or `…/organizations/1`. */
async function findAttachment(
  services: GoogleServices,
  { attachment: text = "" }: PathParameters,
): Promise<Target<"attachment">> {
  const attachment = attachmentOf(text);
  const [kind, name = "", ...rest] = attachment.startsWith(attachmentPrefix)
    ? attachment.slice(attachmentPrefix.length).split("/")
    : [];
  if (kind === "organizations" && rest.length === 0) {
    const { resource, found } = findOrganization(name);
    return { resource, found };
  }
  if (kind === "projects" && rest.length === 0) return await findProject(services, name);
  throw invalidField("attachment", `is ${attachmentPrefix}projects/PROJECT or …/organizations/${organizationId}`);
}

/** A path of one or more parts, without the slash after it. There may be nothing below it yet. */
async function findPrefix(services: GoogleServices, path: PathParameters): Promise<Target<"prefix">> {
  const { project: projectName = "", location = "", prefix = "" } = path;
  try {
    parseRepository(`${projectName.replace(":", "/")}/${prefix}`, location);
  } catch (error) {
    throw invalidField("prefix", (error as Error).message);
  }
  if (prefix.split("/").length > prefixPartsMax) throw invalidField("prefix", `has ${prefixPartsMax} parts at most`);
  const project = await services.projects.resolve(projectName);
  const resource = prefixResource({ project: projectName, location, prefix }, project?.id);
  if (!project || !services.locations.includes(location)) return { resource, found: undefined };
  const policy = prefixKey(location, project.id, prefix);
  const { attributes } = prefixResource({ project: project.name, location, prefix }, project.id);
  return { resource: { ...resource, ...(attributes && { attributes }) }, found: { policy } };
}

async function findCustomRole(services: GoogleServices, path: PathParameters): Promise<Target<"customRole">> {
  const { project: projectName = "", customRole: name = "" } = path;
  const project = await services.projects.resolve(projectName);
  const role = project && (await services.customRoles.find(project, name));
  const resource = {
    ...projectResource(projectName, project?.id, project?.name),
    name: `role projects/${projectName}/roles/${name}`,
  };
  return { resource, found: project && role && { project, role } };
}

async function findGroup({ groups }: GoogleServices, { group: name = "" }: PathParameters): Promise<Target<"group">> {
  const group = await groups.find(name);
  return {
    resource: { name: `group ${name}`, keys: installationResource.keys },
    found: group && { group },
  };
}

async function findMembership(services: GoogleServices, path: PathParameters): Promise<Target<"membership">> {
  const { resource, found } = await findGroup(services, path);
  const key = Buffer.from(path.membership ?? "", "base64url").toString("utf8");
  const [member] = found && !/\p{Cc}/u.test(key) ? await services.groups.membersAt(found.group, key as MemberKey) : [];
  return {
    resource: { ...resource, name: `member ${path.membership} of ${resource.name}` },
    found: found && member && { group: found.group, member },
  };
}
