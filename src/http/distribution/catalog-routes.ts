import type { Access } from "../../access/decide.ts";
import type { Permission } from "../../access/permissions.ts";
import { visibleResources } from "../../access/visible.ts";
import type { Caller } from "../../identity/caller.ts";
import { catalogPage } from "../../registry/catalog.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import type { RequestContext } from "../names.ts";
import { queryOf } from "../url.ts";
import { askToLogIn, registryHeaders } from "./answer-error.ts";
import { linkTo, parseLast, parsePageSize } from "./page.ts";
import { RefusalError } from "./refusal.ts";

/** What a registry token must be made for to list repositories. */
export const catalogScope = "registry:catalog:*";
const permission: Permission = "artifactregistry.repositories.list";

/** `/v2/_catalog`, Docker's own addition: of all repositories those that the caller may list. */
export class CatalogRoutes {
  readonly #metadata: Metadata;
  readonly #access: Access;

  constructor(metadata: Metadata, access: Access) {
    this.#metadata = metadata;
    this.#access = access;
  }

  async list(request: Request, context: RequestContext, caller: Caller): Promise<Response> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new RegistryError("UNSUPPORTED", "the catalog can be listed with GET");
    }
    if (caller.principal.kind === "anonymous" && !caller.access) return askToLogIn(context, catalogScope);
    requireCatalog(caller);
    const query = queryOf(request);
    const limit = parsePageSize(query.get("n"));
    const visible = await visibleResources(this.#metadata, this.#access, caller, permission);
    const after = parseLast(query.get("last"));
    const { names, more } = await catalogPage(this.#metadata, context.location, visible, after, limit);
    const next = more && { n: String(limit), last: names.at(-1) ?? "" };
    const headers = { ...registryHeaders, ...(next && linkTo("/v2/_catalog", next)) };
    return Response.json({ repositories: names }, { headers });
  }
}

/**
 * A registry token lists the catalog only if it was made for that. Throws RefusalError.
 *
 * @param action another that does: docker search asks for `search` where it keeps a token of ours
 */
export function requireCatalog({ access, principal }: Caller, action = "*"): void {
  const isMeant = access?.some(
    ({ type, name, actions }) =>
      type === "registry" && name === "catalog" && actions.some((each) => each === "*" || each === action),
  );
  if (isMeant ?? true) return;
  const message = "The token was not made for the catalog.";
  throw new RefusalError(
    { allowed: false, reason: "token", principal, permission, resource: "catalog", message },
    catalogScope,
  );
}
