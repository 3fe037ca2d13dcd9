import type { Caller } from "../../identity/caller.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import type { Repository } from "../../registry/repository.ts";
import { tagPage } from "../../registry/tags.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { queryOf } from "../url.ts";
import { registryHeaders } from "./answer-error.ts";
import type { Gate } from "./gate.ts";

/** Google's clients ask for as many; whoever asks for more gets this many and a Link (CVE-2023-2253). */
const pageSizeMax = 10_000;
const pageSizeDefault = 1000;

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
    const headers: Record<string, string> = { ...registryHeaders };
    if (more) {
      const next = new URLSearchParams({ n: String(limit), last: names.at(-1) ?? "" });
      headers.link = `</v2/${repository.path}/tags/list?${next}>; rel="next"`;
    }
    return Response.json({ name: repository.path, tags: names }, { headers });
  }
}

/** Any text has its place among the tags, but for a zero byte, which PostgreSQL does not take. */
function parseLast(text: string | null): string {
  if (text?.includes("\0")) throw new RegistryError("TAG_INVALID", "last must be the last tag of the page before");
  return text ?? "";
}

function parsePageSize(text: string | null): number {
  if (text === null || text === "") return pageSizeDefault;
  if (!/^[0-9]{1,15}$/.test(text)) {
    throw new RegistryError("PAGINATION_NUMBER_INVALID", "n must be a whole number of tags");
  }
  return Math.min(Number(text), pageSizeMax);
}
