import type { Access } from "../../access/decide.ts";
import type { Permission } from "../../access/permissions.ts";
import { repositoryResource } from "../../access/resource.ts";
import { visibleResources } from "../../access/visible.ts";
import type { Caller } from "../../identity/caller.ts";
import { childNames } from "../../registry/children.ts";
import type { ProjectPath } from "../../registry/project-path.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import type { Repository } from "../../registry/repository.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { registryHeaders } from "./answer-error.ts";
import { RefusalError } from "./refusal.ts";

const permission: Permission = "artifactregistry.repositories.list";

/**
 * `/v2/PROJECT/tags/list`, and the same of a path below it that is no repository either: the way in for Google's clients that
 * walk through a project. There are no tags, only the names that come next.
 */
export class FolderRoutes {
  readonly #metadata: Metadata;
  readonly #access: Access;

  constructor(metadata: Metadata, access: Access) {
    this.#metadata = metadata;
    this.#access = access;
  }

  /** A project's own listing. Throws RefusalError and NAME_UNKNOWN. */
  async listProject(project: ProjectPath, caller: Caller): Promise<Response> {
    const { path, location } = project;
    const projectId = await this.#metadata.hot.projectId(project.project);
    const child = projectId === undefined ? undefined : await this.children(caller, location, projectId, "");
    if (child?.length) return show(path, child, caller);
    const resource = repositoryResource({ ...project, image: "" }, { projectId, repositoryId: undefined });
    const needed = { type: "repository", name: path, action: "pull" };
    const decision = await this.#access.decide(caller, permission, resource, needed);
    if (!decision.allowed) throw new RefusalError(decision, scopeOf(path), projectId);
    if (projectId === undefined) throw new RegistryError("NAME_UNKNOWN", `there is no project ${project.project}`);
    return show(path, child, caller);
  }

  /** The listing of a path where no repository is, or none that the caller may list; undefined where nothing lies below it. */
  async listBelow({ path, location, project, image }: Repository, caller: Caller): Promise<Response | undefined> {
    const projectId = await this.#metadata.hot.projectId(project);
    const child = projectId === undefined ? undefined : await this.children(caller, location, projectId, image);
    return child?.length ? show(path, child, caller) : undefined;
  }

  /** The names next below a path that the caller may list; undefined where there are too many. */
  async children(caller: Caller, location: string, projectId: string, image: string) {
    const visible = await visibleResources(this.#metadata, this.#access, caller, permission);
    return await childNames(this.#metadata, { location, projectId, image }, visible);
  }
}

/** Throws RefusalError where a registry token was made for something else. */
function show(path: string, child: readonly string[] | undefined, { access, principal }: Caller): Response {
  const isMeant = access?.some(
    ({ type, name, actions }) => type === "repository" && name === path && actions.includes("pull"),
  );
  if (!(isMeant ?? true)) {
    const message = `The token was not made for ${path}.`;
    const refusal = { allowed: false, reason: "token", principal, permission, resource: path, message } as const;
    throw new RefusalError(refusal, scopeOf(path));
  }
  return Response.json({ ...(child && { child, manifest: {} }), name: path, tags: [] }, { headers: registryHeaders });
}

function scopeOf(path: string): string {
  return `repository:${path}:pull`;
}
