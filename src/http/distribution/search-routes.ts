import type { Access } from "../../access/decide.ts";
import { visibleResources } from "../../access/visible.ts";
import type { Caller } from "../../identity/caller.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import { searchRepositories } from "../../registry/search.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import type { RequestContext } from "../names.ts";
import { queryOf } from "../url.ts";
import { askToLogIn, registryHeaders } from "./answer-error.ts";
import { catalogScope, requireCatalog } from "./catalog-routes.ts";

/** `docker search` asks for 25, and lets people ask for 100. */
const resultsDefault = 25;
const resultsMax = 100;
const pagesMax = 100;
/** No name is longer. */
const textCharactersMax = 255;

/** `/v1/_ping` and `/v1/search`: the two paths of Docker's first registry API that `docker search` still asks. */
export class SearchRoutes {
  readonly #metadata: Metadata;
  readonly #access: Access;

  constructor(metadata: Metadata, access: Access) {
    this.#metadata = metadata;
    this.#access = access;
  }

  /** `standalone` makes docker send the credentials it has for this registry with the search. */
  async ping(): Promise<Response> {
    return Response.json(true, { headers: { ...registryHeaders, "x-docker-registry-standalone": "true" } });
  }

  /**
   * The repositories whose names contain `q`, of those that the caller may list. Who brings no credentials is asked for them:
   * docker sends the ones it has anyway, and podman goes on to the catalog, with a token.
   */
  async search(request: Request, context: RequestContext, caller: Caller): Promise<Response> {
    if (request.method !== "GET") throw new RegistryError("UNSUPPORTED", "a search is sent with GET");
    if (caller.principal.kind === "anonymous" && !caller.access) return askToLogIn(context, catalogScope);
    requireCatalog(caller, "search");
    const query = queryOf(request);
    const text = (query.get("q") ?? "").trim().toLowerCase().slice(0, textCharactersMax);
    const size = Math.max(1, Math.min(parseCount(query.get("n"), resultsDefault), resultsMax));
    const page = Math.max(1, Math.min(parseCount(query.get("page"), 1), pagesMax));
    const visible = await visibleResources(this.#metadata, this.#access, caller, "artifactregistry.repositories.list");
    const skip = (page - 1) * size;
    const { names, more } = await searchRepositories(this.#metadata, context.location, visible, text, skip, size);
    const body = {
      query: text,
      /** As far as was looked: one more where there is another page. */
      num_results: skip + names.length + (more ? 1 : 0),
      num_pages: page + (more ? 1 : 0),
      page,
      page_size: size,
      results: names.map(toResult),
    };
    return Response.json(body, { headers: registryHeaders });
  }
}

/** Nobody gives stars here, and nobody's images are more official than others'. */
function toResult(name: string) {
  return { name, description: "", star_count: 0, is_official: false, is_automated: false, is_trusted: false };
}

/** Throws PAGINATION_NUMBER_INVALID. */
function parseCount(text: string | null, otherwise: number): number {
  if (text === null || text === "") return otherwise;
  if (/^[0-9]{1,9}$/.test(text)) return Number(text);
  throw new RegistryError("PAGINATION_NUMBER_INVALID", "n and page must be whole numbers");
}
