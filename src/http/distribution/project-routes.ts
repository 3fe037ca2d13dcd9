import type { Access } from "../../access/decide.ts";
import type { Permission } from "../../access/permissions.ts";
import { repositoryResource } from "../../access/resource.ts";
import { visibleResources } from "../../access/visible.ts";
import type { Caller } from "../../identity/caller.ts";
import { childNames } from "../../registry/children.ts";
import type { ProjectPath } from "../../registry/project-path.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { registryHeaders } from "./answer-error.ts";
import { RefusalError } from "./refusal.ts";

const permission: Permission = "artifactregistry.repositories.list";

/** `/v2/PROJECT/tags/list`: the way in for Google's clients that walk through a project. It has no tags, only children. */
export class ProjectRoutes {
  readonly #metadata: Metadata;
  readonly #access: Access;

  constructor(metadata: Metadata, access: Access) {
    this.#metadata = metadata;
    this.#access = access;
  }

  async list(request: Request, project: ProjectPath, caller: Caller): Promise<Response> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new RegistryError("UNSUPPORTED", "a project's repositories can be listed with GET");
    }
    const { path, location } = project;
    const projectId = await this.#metadata.hot.projectId(project.project);
    const child = projectId && (await this.#children(projectId, location, caller));
    // Whoever may list single repositories of the project sees these; everybody else must be allowed to list it.
    const decided = child?.length ? permitted(caller, path) : await this.#decide(caller, path, location, projectId);
    if (!decided.allowed) throw new RefusalError(decided, `repository:${path}:pull`);
    if (projectId === undefined) throw new RegistryError("NAME_UNKNOWN", `there is no project ${project.project}`);
    return Response.json({ ...(child && { child, manifest: {} }), name: path, tags: [] }, { headers: registryHeaders });
  }

  async #children(projectId: string, location: string, caller: Caller): Promise<readonly string[] | undefined> {
    const visible = await visibleResources(this.#metadata, caller, permission);
    return await childNames(this.#metadata, { location, projectId, image: "" }, visible);
  }

  async #decide(caller: Caller, path: string, location: string, projectId: string | undefined) {
    const resource = repositoryResource(path, location, { projectId, repositoryId: undefined });
    return await this.#access.decide(caller, permission, resource, { type: "repository", name: path, action: "pull" });
  }
}

/** Names that policy and scopes let a caller see are shown to a registry token that was made for the project. */
function permitted({ access, principal }: Caller, path: string) {
  const isMeant = access?.some(
    ({ type, name, actions }) => type === "repository" && name === path && actions.includes("pull"),
  );
  if (isMeant ?? true) return { allowed: true } as const;
  const message = `The token was not made for the project ${path}.`;
  return { allowed: false, reason: "token", principal, permission, resource: path, message } as const;
}
