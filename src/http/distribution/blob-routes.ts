import { deleteArtifacts, pull } from "../../access/permissions.ts";
import type { Audit } from "../../audit/audit.ts";
import type { Caller } from "../../identity/caller.ts";
import type { Blobs, StoredBlob } from "../../registry/blobs.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import type { PullThrough } from "../../registry/upstream/pull-through.ts";
import { bodyOf } from "../../storage/blobs/blob-store.ts";
import { whenceOf, whoOf } from "../audit-facts.ts";
import type { RequestContext } from "../names.ts";
import { registryHeaders } from "./answer-error.ts";
import { arrivingBlob } from "./arriving-blob.ts";
import { parseByteRange } from "./byte-range.ts";
import type { Gate } from "./gate.ts";
import { heldBlob } from "./held-blob.ts";
import type { Question } from "./remembered-answers.ts";
import type { Route } from "./route.ts";

type BlobRoute = Extract<Route, { kind: "blob" }>;

/** distribution-spec: Pulling blobs, Deleting blobs. */
export class BlobRoutes {
  readonly #gate: Gate;
  readonly #blobs: Blobs;
  readonly #pullThrough: PullThrough;
  readonly #audit: Audit;

  constructor(gate: Gate, blobs: Blobs, pullThrough: PullThrough, audit: Audit) {
    this.#gate = gate;
    this.#blobs = blobs;
    this.#pullThrough = pullThrough;
    this.#audit = audit;
  }

  async handle(
    request: Request,
    context: RequestContext,
    { repository, digest }: BlobRoute,
    caller: Caller,
    question?: Question,
  ): Promise<Response> {
    switch (request.method) {
      case "GET":
      case "HEAD":
        return await this.#read(request, { kind: "blob", repository, digest }, caller, question);
      case "DELETE": {
        const resolved = await this.#gate.admit(caller, repository, deleteArtifacts, "delete");
        await this.#blobs.delete(resolved, digest);
        const [who, from] = [whoOf(caller), whenceOf(context)];
        const { projectId } = resolved;
        this.#audit.note({
          kind: "image.deleted",
          repository: repository.path,
          reference: digest,
          who,
          from,
          projectId,
        });
        return new Response(null, { status: 202, headers: registryHeaders });
      }
      default:
        throw new RegistryError("UNSUPPORTED", "a blob can be read or deleted");
    }
  }

  async #read(
    request: Request,
    { repository, digest }: BlobRoute,
    caller: Caller,
    question: Question | undefined,
  ): Promise<Response> {
    const admission = await this.#gate.admission(caller, repository, pull, "pull");
    const { resolved } = admission;
    const isCache = this.#pullThrough.isFor(resolved);
    if (isCache) {
      const arriving = await arrivingBlob(request, this.#pullThrough, resolved, digest);
      if (arriving) return arriving;
    }
    const blob = isCache ? await this.#pullThrough.blob(resolved, digest) : await this.#blobs.get(resolved, digest);
    const headers: Record<string, string> = {
      ...registryHeaders,
      ...neverAPage,
      "content-length": String(blob.size),
      "docker-content-digest": digest,
      etag: `"${digest}"`,
      "accept-ranges": "bytes",
      "x-content-type-options": "nosniff",
    };
    if (!isCache && blob.atOnce) {
      const held = heldBlob(digest, blob.size, blob.atOnce, new Headers(headers));
      question?.keep(caller, admission, held.bytes, held.again);
    }
    if (request.method === "HEAD") return new Response(null, { headers });
    if (blob.link) return await sendToStore(blob.link, digest);
    const range = parseByteRange(request.headers.get("range"), blob.size);
    if (range === undefined) return new Response(bodyOf(await blob.read()), { headers });
    if (range === "unsatisfiable") {
      headers["content-range"] = `bytes */${blob.size}`;
      headers["content-length"] = "0";
      return new Response(null, { status: 416, headers });
    }
    const { start, end } = range;
    headers["content-range"] = `bytes ${start}-${end - 1}/${blob.size}`;
    headers["content-length"] = String(end - start);
    return new Response(bodyOf(await blob.read(start, end)), { status: 206, headers });
  }
}

/** What was pushed may be a web page; nobody is to open it under the registry's own name, or the store's. */
const neverAPage = { "content-type": "application/octet-stream", "content-disposition": "attachment" } as const;

/** The client goes there itself, with the range that it wanted, and without our credentials. The URL is nobody else's. */
async function sendToStore(link: NonNullable<StoredBlob["link"]>, digest: string): Promise<Response> {
  const location = await link(neverAPage);
  const headers = { ...registryHeaders, location, "docker-content-digest": digest, "cache-control": "no-store" };
  return new Response(null, { status: 307, headers });
}
