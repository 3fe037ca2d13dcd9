import type { Caller } from "../../identity/caller.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import type { Repository } from "../../registry/repository.ts";
import { tagPage } from "../../registry/tags.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { queryOf } from "../url.ts";
import { registryHeaders } from "./answer-error.ts";
import type { Gate } from "./gate.ts";
import { linkTo, parseLast, parsePageSize } from "./page.ts";

/** distribution-spec: Listing tags. */
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
    const { names, more } = await tagPage(this.#metadata, resolved, parseLast(query.get("last")), limit);
    const next = more && { n: String(limit), last: names.at(-1) ?? "" };
    const headers = { ...registryHeaders, ...(next && linkTo(`/v2/${repository.path}/tags/list`, next)) };
    return Response.json({ name: repository.path, tags: names }, { headers });
  }
}
