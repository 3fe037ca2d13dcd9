import { pull } from "../../access/permissions.ts";
import type { Caller } from "../../identity/caller.ts";
import { referrerPage } from "../../registry/referrers.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { queryOf } from "../url.ts";
import { registryHeaders } from "./answer-error.ts";
import type { Gate } from "./gate.ts";
import { linkTo, parseLast } from "./page.ts";
import type { Route } from "./route.ts";

const indexType = "application/vnd.oci.image.index.v1+json";
const artifactTypeCharactersMax = 255;

/** distribution-spec: Listing referrers. */
export class ReferrerRoutes {
  readonly #metadata: Metadata;
  readonly #gate: Gate;

  constructor(metadata: Metadata, gate: Gate) {
    this.#metadata = metadata;
    this.#gate = gate;
  }

  /** An index of everything that refers to the digest; an empty one where nothing does. */
  async list(request: Request, route: Extract<Route, { kind: "referrers" }>, caller: Caller): Promise<Response> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new RegistryError("UNSUPPORTED", "referrers can be listed with GET");
    }
    const { repository, digest } = route;
    const resolved = await this.#gate.admit(caller, repository, pull, "pull");
    const query = queryOf(request);
    const artifactType = parseArtifactType(query.get("artifactType"));
    const filter = artifactType === undefined ? {} : { artifactType };
    const last = parseLast(query.get("last"));
    const { referrers, next } = await referrerPage(this.#metadata, resolved, digest, artifactType, last);
    const headers = {
      ...registryHeaders,
      "content-type": indexType,
      ...(artifactType !== undefined && { "oci-filters-applied": "artifactType" }),
      ...(next !== undefined && linkTo(`/v2/${repository.path}/referrers/${digest}`, { ...filter, last: next })),
    };
    return Response.json({ schemaVersion: 2, mediaType: indexType, manifests: referrers }, { headers });
  }
}

/** Undefined where nobody asked for one. Throws MANIFEST_INVALID for what no artifact can have as its type. */
function parseArtifactType(text: string | null): string | undefined {
  if (text === null || text === "") return undefined;
  if (text.length <= artifactTypeCharactersMax && !text.includes("\0")) return text;
  throw new RegistryError("MANIFEST_INVALID", "artifactType must be a media type");
}
