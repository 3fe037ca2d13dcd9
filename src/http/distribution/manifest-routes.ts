import type { Refusal } from "../../access/decide.ts";
import { deleteArtifacts, type Permission, pull, push } from "../../access/permissions.ts";
import type { Audit } from "../../audit/audit.ts";
import { redact } from "../../audit/user-agent.ts";
import type { Caller } from "../../identity/caller.ts";
import { principalKey } from "../../identity/principal.ts";
import { requireManifestSize } from "../../registry/manifest.ts";
import type { Manifests } from "../../registry/manifests.ts";
import { parseTag, type Tag } from "../../registry/reference.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import type { ResolvedRepository } from "../../registry/resolve.ts";
import type { PullThrough } from "../../registry/upstream/pull-through.ts";
import { whenceOf, whoOf } from "../audit-facts.ts";
import type { RequestContext } from "../names.ts";
import { queryOf } from "../url.ts";
import { registryHeaders } from "./answer-error.ts";
import type { Gate } from "./gate.ts";
import { RefusalError } from "./refusal.ts";
import type { Question } from "./remembered-answers.ts";
import type { Route } from "./route.ts";

const tagsPerPushMax = 50;

type ManifestRoute = Extract<Route, { kind: "manifest" }>;

/** distribution-spec: Pulling manifests, Pushing manifests, Deleting tags, Deleting manifests. */
export class ManifestRoutes {
  readonly #gate: Gate;
  readonly #manifests: Manifests;
  readonly #pullThrough: PullThrough;
  readonly #audit: Audit;

  constructor(gate: Gate, manifests: Manifests, pullThrough: PullThrough, audit: Audit) {
    this.#gate = gate;
    this.#manifests = manifests;
    this.#pullThrough = pullThrough;
    this.#audit = audit;
  }

  async handle(
    request: Request,
    context: RequestContext,
    route: ManifestRoute,
    caller: Caller,
    question?: Question,
  ): Promise<Response> {
    switch (request.method) {
      case "GET":
        return await this.#get(route, caller, context, question);
      case "HEAD":
        return await this.#head(route, caller, question);
      case "PUT":
        return await this.#put(request, context, route, caller);
      case "DELETE":
        return await this.#delete(route, caller, context);
      default:
        throw new RegistryError("UNSUPPORTED", "a manifest can be read, pushed or deleted");
    }
  }

  async #get(
    { repository, reference }: ManifestRoute,
    caller: Caller,
    context: RequestContext,
    question: Question | undefined,
  ): Promise<Response> {
    const { resolved, admission } = await this.#admitted(caller, repository, reference);
    const { body, digest, mediaType } = await this.#manifests.get(resolved, reference);
    const noted = this.#audit.pulled(principalKey(caller.principal), resolved.repositoryId ?? "", digest, () => ({
      kind: "image.first-pulled",
      repository: repository.path,
      digest,
      who: whoOf(caller),
      from: whenceOf(context),
      projectId: resolved.projectId,
    }));
    const headers = new Headers(headersOf(digest, mediaType, body.byteLength));
    const again = () => new Response(body as Uint8Array<ArrayBuffer>, { headers });
    if (noted && admission) question?.keep(caller, admission, body.byteLength, again);
    return again();
  }

  async #head({ repository, reference }: ManifestRoute, caller: Caller, question: Question | undefined) {
    const { resolved, admission } = await this.#admitted(caller, repository, reference);
    const { digest, mediaType, size } = await this.#manifests.head(resolved, reference);
    const headers = new Headers(headersOf(digest, mediaType, size));
    const again = () => new Response(null, { headers });
    if (admission) question?.keep(caller, admission, 0, again);
    return again();
  }

  /**
   * The repository to read from; a cache has the manifest by then, where its upstream does. The admission is there where it
   * is all that such a request needs.
   */
  async #admitted(caller: Caller, repository: ManifestRoute["repository"], reference: ManifestRoute["reference"]) {
    const admission = await this.#gate.admission(caller, repository, pull, "pull");
    const { resolved } = admission;
    if (!this.#pullThrough.isFor(resolved)) return { resolved, admission };
    return { resolved: await this.#pullThrough.bringManifest(resolved, reference), admission: undefined };
  }

  async #put(
    request: Request,
    context: RequestContext,
    { repository, reference }: ManifestRoute,
    caller: Caller,
  ): Promise<Response> {
    const resolved = await this.#gate.admit(caller, repository, push, "push");
    const tags = reference.kind === "tag" ? [reference.tag] : parseTags(queryOf(request).getAll("tag"));
    const refusals = tags.length > 0 ? await this.#tagRefusals(caller, resolved) : undefined;
    const { digest, subject } = await this.#manifests.put(resolved, {
      digest: reference.kind === "digest" ? reference.digest : undefined,
      tags,
      contentType: request.headers.get("content-type") ?? "",
      body: await readManifest(request),
      principal: principalKey(caller.principal),
      allowTag: (change) => {
        const refusal = refusals?.[change];
        if (refusal) throw new RefusalError(refusal, `repository:${repository.path}:pull,push`, resolved.projectId);
      },
    });
    this.#audit.note({
      kind: "image.pushed",
      repository: repository.path,
      digest,
      tags: tags.map(redact),
      who: whoOf(caller),
      from: whenceOf(context),
      projectId: resolved.projectId,
    });
    const headers: Record<string, string> = {
      ...registryHeaders,
      location: `/v2/${repository.path}/manifests/${digest}`,
      "docker-content-digest": digest,
    };
    if (subject !== undefined) headers["oci-subject"] = subject;
    if (reference.kind === "digest" && tags.length > 0) headers["oci-tag"] = tags.join(", ");
    return new Response(null, { status: 201, headers });
  }

  async #delete({ repository, reference }: ManifestRoute, caller: Caller, context: RequestContext): Promise<Response> {
    const permission: Permission = reference.kind === "tag" ? "artifactregistry.tags.delete" : deleteArtifacts;
    const resolved = await this.#gate.admit(caller, repository, permission, "delete");
    await this.#manifests.delete(resolved, reference, principalKey(caller.principal));
    this.#audit.note({
      kind: "image.deleted",
      repository: repository.path,
      reference: reference.kind === "tag" ? redact(reference.tag) : reference.digest,
      who: whoOf(caller),
      from: whenceOf(context),
      projectId: resolved.projectId,
    });
    return new Response(null, { status: 202, headers: registryHeaders });
  }

  /** Whether the tag is new is known only inside the transaction; what the caller may do is settled before it. */
  async #tagRefusals(caller: Caller, resolved: ResolvedRepository) {
    const ask = async (permission: Permission): Promise<Refusal | undefined> => {
      const decision = await this.#gate.decide(caller, resolved, permission, "push");
      return decision.allowed ? undefined : decision;
    };
    return { create: await ask("artifactregistry.tags.create"), move: await ask("artifactregistry.tags.update") };
  }
}

/** distribution-spec, next version: Pushing manifests, `?tag=`. Throws TAG_INVALID. */
function parseTags(texts: readonly string[]): Tag[] {
  if (texts.length <= tagsPerPushMax) return [...new Set(texts.map(parseTag))];
  throw new RegistryError("TAG_INVALID", `a manifest is pushed with ${tagsPerPushMax} tags at most`);
}

/** The body, no longer than a manifest may be, with or without a Content-Length. Throws MANIFEST_TOO_LARGE. */
async function readManifest(request: Request): Promise<Uint8Array> {
  requireManifestSize(Number(request.headers.get("content-length") ?? 0));
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    requireManifestSize(size);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function headersOf(digest: string, mediaType: string, size: number): Record<string, string> {
  return {
    ...registryHeaders,
    "content-type": mediaType,
    "content-length": String(size),
    "docker-content-digest": digest,
    etag: `"${digest}"`,
    "x-content-type-options": "nosniff",
  };
}
