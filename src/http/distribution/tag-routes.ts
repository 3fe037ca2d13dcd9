import type { Caller } from "../../identity/caller.ts";
import type { ProjectPath } from "../../registry/project-path.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import type { Repository } from "../../registry/repository.ts";
import { existingProject, type ResolvedRepository } from "../../registry/resolve.ts";
import { tagPage } from "../../registry/tags.ts";
import { wholeListing } from "../../registry/whole-listing.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { queryOf } from "../url.ts";
import { registryHeaders } from "./answer-error.ts";
import type { FolderRoutes } from "./folder-routes.ts";
import type { Gate } from "./gate.ts";
import { manifestsOf } from "./google-listing.ts";
import { linkTo, parseLast, parsePageSize } from "./page.ts";
import { RefusalError } from "./refusal.ts";

/** distribution-spec: Listing tags; with what Google's registries add to it (docs/decisions/0006). */
export class TagRoutes {
  readonly #metadata: Metadata;
  readonly #gate: Gate;
  readonly #folders: FolderRoutes;

  constructor(metadata: Metadata, gate: Gate, folders: FolderRoutes) {
    this.#metadata = metadata;
    this.#gate = gate;
    this.#folders = folders;
  }

  /** @param of a repository, or a project, which has no tags but a list of what lies below it */
  async list(request: Request, of: Repository | ProjectPath, caller: Caller): Promise<Response> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new RegistryError("UNSUPPORTED", "tags can be listed with GET");
    }
    if (!("image" in of)) return await this.#folders.listProject(of, caller);
    const resolved = await this.#admit(of, caller);
    return resolved instanceof Response ? resolved : await this.#listTags(request, resolved, caller);
  }

  /** A path that is no repository, to the caller at least, may still have some below it. */
  async #admit(repository: Repository, caller: Caller): Promise<ResolvedRepository | Response> {
    try {
      const resolved = await this.#gate.admit(caller, repository, "artifactregistry.tags.list", "pull");
      if (resolved.repositoryId !== undefined) return resolved;
      return (await this.#folders.listBelow(repository, caller)) ?? resolved;
    } catch (error) {
      const isPolicy = error instanceof RefusalError && error.refusal.reason === "policy";
      const below = isPolicy ? await this.#folders.listBelow(repository, caller) : undefined;
      if (below) return below;
      throw error;
    }
  }

  async #listTags(request: Request, resolved: ResolvedRepository, caller: Caller): Promise<Response> {
    const { path } = resolved.repository;
    const query = queryOf(request);
    const limit = parsePageSize(query.get("n"));
    const last = parseLast(query.get("last"));
    const { names, more, extension } = await this.#page(resolved, caller, last, limit);
    const next = more && { n: String(limit), last: names.at(-1) ?? "" };
    const headers = { ...registryHeaders, ...(next && linkTo(`/v2/${path}/tags/list`, next)) };
    return Response.json({ ...extension, name: path, tags: names }, { headers });
  }

  /** A client that finds `child` or `manifest` follows no link: they are there where there is none, or not at all. */
  async #page(resolved: ResolvedRepository, caller: Caller, last: string, limit: number) {
    if (last !== "" || limit === 0)
      return { ...(await tagPage(this.#metadata, resolved, last, limit)), extension: undefined };
    const { names, more, images } = await wholeListing(this.#metadata, resolved, limit);
    const { location, image } = resolved.repository;
    const child = images && (await this.#folders.children(caller, location, existingProject(resolved), image));
    return { names, more, extension: images && child && { child, manifest: manifestsOf(images) } };
  }
}
