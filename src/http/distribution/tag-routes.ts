import { visibleResources } from "../../access/visible.ts";
import type { Caller } from "../../identity/caller.ts";
import { childNames } from "../../registry/children.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import type { Repository } from "../../registry/repository.ts";
import { existingProject, type ResolvedRepository } from "../../registry/resolve.ts";
import { tagPage } from "../../registry/tags.ts";
import { wholeListing } from "../../registry/whole-listing.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { queryOf } from "../url.ts";
import { registryHeaders } from "./answer-error.ts";
import type { Gate } from "./gate.ts";
import { manifestsOf } from "./google-listing.ts";
import { linkTo, parseLast, parsePageSize } from "./page.ts";

/** distribution-spec: Listing tags; with what Google's registries add to it (docs/decisions/0006). */
export class TagRoutes {
  readonly #metadata: Metadata;
  readonly #gate: Gate;

  constructor(metadata: Metadata, gate: Gate) {
    this.#metadata = metadata;
    this.#gate = gate;
  }

  async list(request: Request, repository: Repository, caller: Caller): Promise<Response> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new RegistryError("UNSUPPORTED", "tags can be listed with GET");
    }
    const resolved = await this.#gate.admit(caller, repository, "artifactregistry.tags.list", "pull");
    const query = queryOf(request);
    const limit = parsePageSize(query.get("n"));
    const last = parseLast(query.get("last"));
    const { names, more, extension } = await this.#page(resolved, caller, last, limit);
    const next = more && { n: String(limit), last: names.at(-1) ?? "" };
    const headers = { ...registryHeaders, ...(next && linkTo(`/v2/${repository.path}/tags/list`, next)) };
    return Response.json({ ...extension, name: repository.path, tags: names }, { headers });
  }

  /** A client that finds `child` or `manifest` follows no link: they are there where there is none, or not at all. */
  async #page(resolved: ResolvedRepository, caller: Caller, last: string, limit: number) {
    if (last !== "" || limit === 0)
      return { ...(await tagPage(this.#metadata, resolved, last, limit)), extension: undefined };
    const { names, more, images } = await wholeListing(this.#metadata, resolved, limit);
    const child = images && (await this.#children(resolved, caller));
    return { names, more, extension: images && child && { child, manifest: manifestsOf(images) } };
  }

  async #children(resolved: ResolvedRepository, caller: Caller): Promise<readonly string[] | undefined> {
    const visible = await visibleResources(this.#metadata, caller, "artifactregistry.repositories.list");
    const { location, image } = resolved.repository;
    return await childNames(this.#metadata, { location, projectId: existingProject(resolved), image }, visible);
  }
}
