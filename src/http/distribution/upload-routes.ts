import { pull, push } from "../../access/permissions.ts";
import type { Audit } from "../../audit/audit.ts";
import type { Caller } from "../../identity/caller.ts";
import { IdentityError } from "../../identity/identity-error.ts";
import { principalKey } from "../../identity/principal.ts";
import type { Blobs } from "../../registry/blobs.ts";
import { type Digest, type DigestAlgorithm, parseDigest } from "../../registry/digest.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import { parseRepository, type Repository } from "../../registry/repository.ts";
import { type ResolvedRepository, resolveRepository } from "../../registry/resolve.ts";
import type { UploadChunk } from "../../registry/upload-chunk.ts";
import type { Uploads } from "../../registry/uploads.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { whenceOf, whoOf } from "../audit-facts.ts";
import { movingBody } from "../moving-body.ts";
import type { RequestContext } from "../names.ts";
import { queryOf } from "../url.ts";
import { registryHeaders } from "./answer-error.ts";
import { parseContentRange } from "./byte-range.ts";
import type { Gate } from "./gate.ts";
import { RefusalError } from "./refusal.ts";
import type { Route } from "./route.ts";

type UploadRoute = Extract<Route, { kind: "upload" }>;

/** distribution-spec: Pushing blobs. */
export class UploadRoutes {
  readonly #metadata: Metadata;
  readonly #gate: Gate;
  readonly #uploads: Uploads;
  readonly #blobs: Blobs;
  readonly #audit: Audit;
  readonly #now: () => number;

  constructor(metadata: Metadata, gate: Gate, uploads: Uploads, blobs: Blobs, audit: Audit, now: () => number) {
    this.#metadata = metadata;
    this.#gate = gate;
    this.#uploads = uploads;
    this.#blobs = blobs;
    this.#audit = audit;
    this.#now = now;
  }

  /** POST …/blobs/uploads/: mounts, takes a whole blob, or opens an upload. */
  async begin(request: Request, context: RequestContext, repository: Repository, caller: Caller): Promise<Response> {
    if (request.method !== "POST") throw new RegistryError("UNSUPPORTED", "an upload begins with POST");
    const query = queryOf(request);
    const digest = query.get("digest");
    const mount = query.get("mount");
    const wanted = parseDigestOf(digest ?? mount);
    const resolved = await this.#gate.admit(caller, repository, push, "push");
    const mountedFrom = mount !== null && wanted && (await this.#mount(caller, resolved, query.get("from"), wanted));
    if (mountedFrom) {
      this.#audit.blobPushed({ ...pushed(resolved, caller, context, wanted), mountedFrom });
      return created(repository, wanted);
    }
    const principal = principalKey(caller.principal);
    if (digest === null || !wanted) {
      const upload = await this.#uploads.begin(resolved, principal, parseAlgorithm(query.get("digest-algorithm")));
      return accepted(repository, upload.id, 0);
    }
    await this.#uploads.takeWhole(resolved, principal, chunkOf(request, context), wanted);
    this.#audit.blobPushed(pushed(resolved, caller, context, wanted));
    return created(repository, wanted);
  }

  /** PATCH, PUT, GET and DELETE of one upload. */
  async continue(
    request: Request,
    context: RequestContext,
    { repository, id }: UploadRoute,
    caller: Caller,
  ): Promise<Response> {
    const resolved = await this.#gate.admit(caller, repository, push, "push");
    const upload = await this.#uploads.find(resolved, id, principalKey(caller.principal));
    if (caller.expiresAt <= this.#now() && upload.createdAt >= caller.expiresAt) {
      throw new IdentityError("expired", "the token had expired when this upload began");
    }
    switch (request.method) {
      case "PATCH":
        return accepted(repository, id, await this.#uploads.append(id, chunkOf(request, context)));
      case "PUT": {
        const digest = parseDigest(queryOf(request).get("digest") ?? "");
        await this.#uploads.finish(id, chunkOf(request, context), digest);
        this.#audit.blobPushed(pushed(resolved, caller, context, digest));
        return created(repository, digest);
      }
      case "GET":
      case "HEAD":
        return accepted(repository, id, upload.size, 204);
      case "DELETE": {
        await this.#uploads.cancel(id);
        const { projectId } = resolved;
        const [who, from] = [whoOf(caller), whenceOf(context)];
        this.#audit.note({ kind: "upload.cancelled", repository: repository.path, who, from, projectId });
        return new Response(null, { status: 204, headers: registryHeaders });
      }
      default:
        throw new RegistryError("UNSUPPORTED", "an upload is continued with PATCH and ended with PUT");
    }
  }

  /**
   * Needs pull on the source. A refusal reads as "not there": the client uploads (CVE-2024-39897). Only a token that was
   * made for the target alone is asked to come back with both. Answers the repository that it was mounted from.
   */
  async #mount(caller: Caller, target: ResolvedRepository, from: string | null, digest: Digest) {
    const { location } = target.repository;
    if (from !== null) {
      const source = await resolveRepository(this.#metadata, parseRepository(from, location));
      const decision = await this.#gate.decide(caller, source, pull, "pull");
      if (!decision.allowed && decision.reason === "token") {
        const scope = `repository:${target.repository.path}:pull,push repository:${source.repository.path}:pull`;
        throw new RefusalError(decision, scope, source.projectId);
      }
      const mounted = decision.allowed && (await this.#blobs.mount(target, source, digest));
      return mounted ? source.repository.path : undefined;
    }
    for (const holder of await this.#blobs.holders(location, digest)) {
      const source = await resolveRepository(this.#metadata, holder);
      if (!(await this.#gate.mayPullUnasked(caller, source))) continue;
      if (await this.#blobs.mount(target, source, digest)) return source.repository.path;
    }
    return undefined;
  }
}

function pushed(
  { repository, projectId }: ResolvedRepository,
  caller: Caller,
  context: RequestContext,
  digest: Digest,
) {
  return { repository: repository.path, digest, who: whoOf(caller), from: whenceOf(context), projectId };
}

function chunkOf(request: Request, context: RequestContext): UploadChunk {
  const range = parseContentRange(request.headers.get("content-range"));
  const contentLength = request.headers.get("content-length");
  const length = contentLength === null ? range?.length : Number(contentLength);
  if (range && (Number.isNaN(range.length) || range.length !== length)) {
    throw new RegistryError("RANGE_INVALID", "Content-Range must be START-END in bytes and match the body's length");
  }
  return { body: movingBody(request, context), start: range?.start, length };
}

/** distribution-spec, next version: Pushing a blob in chunks, `digest-algorithm`. */
function parseAlgorithm(text: string | null): DigestAlgorithm {
  if (text === null || text === "sha256") return "sha256";
  if (text === "sha512") return "sha512";
  throw new RegistryError("DIGEST_INVALID", "digest-algorithm must be sha256 or sha512");
}

function parseDigestOf(text: string | null): Digest | undefined {
  return text === null ? undefined : parseDigest(text);
}

function accepted(repository: Repository, id: string, size: number, status = 202): Response {
  const headers = {
    ...registryHeaders,
    location: `/v2/${repository.path}/blobs/uploads/${id}`,
    range: `0-${Math.max(0, size - 1)}`,
    "docker-upload-uuid": id,
  };
  return new Response(null, { status, headers });
}

function created(repository: Repository, digest: Digest): Response {
  const headers = {
    ...registryHeaders,
    location: `/v2/${repository.path}/blobs/${digest}`,
    "docker-content-digest": digest,
  };
  return new Response(null, { status: 201, headers });
}
