import type { Access } from "../../access/decide.ts";
import type { Audit } from "../../audit/audit.ts";
import type { Caller } from "../../identity/caller.ts";
import type { Blobs } from "../../registry/blobs.ts";
import type { Manifests } from "../../registry/manifests.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import type { Uploads } from "../../registry/uploads.ts";
import type { Caches } from "../../registry/upstream/caches.ts";
import type { PullThrough } from "../../registry/upstream/pull-through.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { refusalEvent } from "../audit-facts.ts";
import type { Doorkeeper } from "../doorkeeper.ts";
import { takeInUnread } from "../moving-body.ts";
import type { RequestContext } from "../names.ts";
import { pathOf } from "../url.ts";
import { answerError, askToLogIn, type ErrorLog, registryHeaders } from "./answer-error.ts";
import { BlobRoutes } from "./blob-routes.ts";
import { CatalogRoutes } from "./catalog-routes.ts";
import { FolderRoutes } from "./folder-routes.ts";
import { Gate } from "./gate.ts";
import { ManifestRoutes } from "./manifest-routes.ts";
import { ReferrerRoutes } from "./referrer-routes.ts";
import { RefusalError } from "./refusal.ts";
import { type Question, RememberedAnswers } from "./remembered-answers.ts";
import { parseRoute, type Route } from "./route.ts";
import { SearchRoutes } from "./search-routes.ts";
import { TagRoutes } from "./tag-routes.ts";
import { UploadRoutes } from "./upload-routes.ts";

export interface RegistryFaceServices {
  readonly metadata: Metadata;
  readonly doorkeeper: Doorkeeper;
  readonly access: Access;
  readonly audit: Audit;
  readonly manifests: Manifests;
  readonly blobs: Blobs;
  readonly uploads: Uploads;
  readonly caches: Caches;
  readonly pullThrough: PullThrough;
  /** Nothing may be changed. */
  readonly readOnly: boolean;
  readonly now: () => number;
  readonly log: ErrorLog;
}

/** An upload opened with a valid token may be finished for so long after the token ended: docker does not renew. */
const uploadGraceMilliseconds = 60 * 60 * 1000;

/** Everything under /v2/ but the token endpoint, and `docker search`: OCI distribution as real clients speak it. */
export class RegistryFace {
  readonly #gate: Gate;
  readonly #blobs: BlobRoutes;
  readonly #uploads: UploadRoutes;
  readonly #manifests: ManifestRoutes;
  readonly #tags: TagRoutes;
  readonly #referrers: ReferrerRoutes;
  readonly #catalog: CatalogRoutes;
  readonly #search: SearchRoutes;
  readonly #answers: RememberedAnswers;
  readonly #audit: Audit;
  readonly #readOnly: boolean;
  readonly #log: ErrorLog;

  constructor(services: RegistryFaceServices) {
    const { metadata, doorkeeper, access, manifests, blobs, uploads, caches, pullThrough, audit, now, log } = services;
    this.#gate = new Gate(metadata, doorkeeper, access, caches, audit);
    this.#blobs = new BlobRoutes(this.#gate, blobs, pullThrough, audit);
    this.#uploads = new UploadRoutes(metadata, this.#gate, uploads, blobs, audit, now);
    this.#manifests = new ManifestRoutes(this.#gate, manifests, pullThrough, audit);
    this.#tags = new TagRoutes(metadata, this.#gate, new FolderRoutes(metadata, access));
    this.#referrers = new ReferrerRoutes(metadata, this.#gate);
    this.#catalog = new CatalogRoutes(metadata, access);
    this.#search = new SearchRoutes(metadata, access);
    this.#answers = new RememberedAnswers(metadata.generation, doorkeeper, audit, now);
    this.#audit = audit;
    this.#readOnly = services.readOnly;
    this.#log = log;
  }

  /** The answer to a pull that was answered a moment ago, where nothing has changed since: without a look-up, and at once. */
  again(request: Request, context: RequestContext): Response | undefined {
    return this.#answers.find(request, context);
  }

  async handle(request: Request, context: RequestContext): Promise<Response> {
    let caller: Caller | undefined;
    try {
      const question = this.#answers.ask(request, context);
      const route = parseRoute(pathOf(request), context.location);
      if (!route) return Response.json({ errors: [noSuchPath] }, { status: 404, headers: registryHeaders });
      const graceMilliseconds = route.kind === "upload" ? uploadGraceMilliseconds : 0;
      caller = await this.#gate.identify(request, context, graceMilliseconds);
      if (this.#readOnly && !reading.has(request.method)) throw readOnlyServer();
      if (route.kind !== "base") return await this.#dispatch(request, context, route, caller, question);
      // docker decides here whether to send credentials at all: who brings none is asked, even where all is public.
      if (caller.principal.kind === "anonymous" && !caller.access) return askToLogIn(context);
      return Response.json({}, { headers: registryHeaders });
    } catch (error) {
      if (error instanceof RefusalError && caller) {
        this.#audit.note(refusalEvent(caller, context, error.refusal, error.projectId));
      }
      await takeInUnread(request);
      return answerError(error, context, this.#log);
    }
  }

  #dispatch(
    request: Request,
    context: RequestContext,
    route: Exclude<Route, { kind: "base" }>,
    caller: Caller,
    question: Question | undefined,
  ): Promise<Response> {
    switch (route.kind) {
      case "blob":
        return this.#blobs.handle(request, context, route, caller, question);
      case "uploads":
        return this.#uploads.begin(request, context, route.repository, caller);
      case "upload":
        return this.#uploads.continue(request, context, route, caller);
      case "manifest":
        return this.#manifests.handle(request, context, route, caller, question);
      case "tags":
        return this.#tags.list(request, route.repository, caller);
      case "project":
        return this.#tags.list(request, route.project, caller);
      case "referrers":
        return this.#referrers.list(request, route, caller);
      case "catalog":
        return this.#catalog.list(request, context, caller);
      case "ping":
        return this.#search.ping();
      case "search":
        return this.#search.search(request, context, caller);
    }
  }
}

const reading: ReadonlySet<string> = new Set(["GET", "HEAD"]);

/** 405, as for whatever a registry does not do: clients show its text at once, where they would retry a 503 and hide it. */
function readOnlyServer(): RegistryError {
  const text = "this registry is read-only at the moment: pulls go on, pushes and deletes are refused";
  return new RegistryError("UNSUPPORTED", text, { detail: { reason: "read-only" } });
}

const noSuchPath = { code: "UNSUPPORTED", message: "there is nothing at this path" };
