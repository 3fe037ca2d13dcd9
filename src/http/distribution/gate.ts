import { adviseGrant, type PolicyPlace } from "../../access/advice.ts";
import type { Access, NeededAccess, Refusal } from "../../access/decide.ts";
import { type Permission, pull } from "../../access/permissions.ts";
import { repositoryResource } from "../../access/resource.ts";
import type { Audit } from "../../audit/audit.ts";
import type { Use } from "../../audit/uses.ts";
import type { Caller } from "../../identity/caller.ts";
import { parseAuthorization } from "../../identity/credentials.ts";
import { principalName } from "../../identity/principal.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import type { Repository } from "../../registry/repository.ts";
import { type ResolvedRepository, resolveRepository } from "../../registry/resolve.ts";
import type { Caches } from "../../registry/upstream/caches.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { useOf } from "../audit-facts.ts";
import type { Doorkeeper } from "../doorkeeper.ts";
import type { RequestContext } from "../names.ts";
import { RefusalError } from "./refusal.ts";

/** An action of Docker token authentication. */
export type Action = "pull" | "push" | "delete";

/** A pusher's token has both: clients read what is there before they write. */
const scopeActions: Readonly<Record<Action, string>> = { pull: "pull", push: "pull,push", delete: "delete" };

/** A caller who asks for more repositories than this has some of them looked up again. */
const admittedPerCallerMax = 1000;

/** What was decided, and what is to be counted whenever it is used. */
export interface Admission {
  readonly resolved: ResolvedRepository;
  readonly use: Use;
  /** Whether it holds until something changes: what the clock alone can end, or a first push, is asked every time. */
  readonly lasting: boolean;
}

/** Where a request to a repository is let in or not. */
export class Gate {
  readonly #metadata: Metadata;
  readonly #doorkeeper: Doorkeeper;
  readonly #access: Access;
  readonly #caches: Caches;
  readonly #audit: Audit;
  /**
   * What was admitted, beside the caller it was admitted for: the authenticator gives the same object only while
   * nothing changed that could change a decision. A repository that is removed counts as such a change.
   */
  readonly #admitted = new WeakMap<Caller, Map<string, Admission>>();

  constructor(metadata: Metadata, doorkeeper: Doorkeeper, access: Access, caches: Caches, audit: Audit) {
    this.#metadata = metadata;
    this.#doorkeeper = doorkeeper;
    this.#access = access;
    this.#caches = caches;
    this.#audit = audit;
  }

  /** Who is asking. Throws IdentityError for a bad credential, TooManyRequestsError; none is an anonymous caller. */
  async identify(request: Request, context: RequestContext, graceMilliseconds = 0): Promise<Caller> {
    const credentials = parseAuthorization(request.headers.get("authorization"));
    return await this.#doorkeeper.identify(credentials, context, { registryTokens: true, graceMilliseconds });
  }

  /** The repository, where the caller may do this with it. Throws RefusalError, before anything says whether it exists. */
  async admit(caller: Caller, repository: Repository, permission: Permission, action: Action) {
    return (await this.admission(caller, repository, permission, action)).resolved;
  }

  /** As `admit`, with what is needed to let the same caller in again. */
  async admission(caller: Caller, repository: Repository, permission: Permission, action: Action): Promise<Admission> {
    const question = `${permission} ${action} ${repository.location} ${repository.path}`;
    const known = this.#admitted.get(caller)?.get(question);
    if (known) {
      this.#audit.again(known.use);
      return known;
    }
    const resolved = await resolveRepository(this.#metadata, repository);
    const decision = await this.decide(caller, resolved, permission, action);
    if (!decision.allowed) {
      const scope = `repository:${repository.path}:${scopeActions[action]}`;
      throw new RefusalError(decision, scope, resolved.projectId, await this.#advise(caller, resolved, decision));
    }
    if (action === "push") this.#refuseCache(resolved);
    const use = this.#audit.use(useOf(caller, permission, repositoryResource(repository, resolved)));
    this.#audit.again(use);
    const lasting = resolved.repositoryId !== undefined && !decision.momentary;
    const admission = { resolved, use, lasting };
    if (lasting) this.#remember(caller, question, admission);
    return admission;
  }

  async decide(caller: Caller, resolved: ResolvedRepository, permission: Permission, action: Action) {
    const needed: NeededAccess = { type: "repository", name: resolved.repository.path, action };
    return await this.#access.decide(caller, permission, repositoryResource(resolved.repository, resolved), needed);
  }

  /**
   * Whether the caller may pull from a repository that the client did not name, and so cannot have asked a token for
   * (docs/decisions/0005).
   */
  async mayPullUnasked(caller: Caller, resolved: ResolvedRepository): Promise<boolean> {
    return (await this.#access.decide(caller, pull, repositoryResource(resolved.repository, resolved))).allowed;
  }

  /** The grant that is missing, for those who may read who has which. */
  async #advise(caller: Caller, resolved: ResolvedRepository, { reason, permission, principal }: Refusal) {
    if (reason !== "policy" || resolved.projectId === undefined) return undefined;
    const { project, location, image } = resolved.repository;
    const resource = repositoryResource(resolved.repository, resolved);
    const reading = await this.#access.decide(caller, "artifactregistry.repositories.getIamPolicy", resource);
    if (!reading.allowed || (await this.#access.isDenied(caller, permission, resource))) return undefined;
    const place: PolicyPlace =
      resolved.repositoryId === undefined
        ? { kind: "project", project }
        : { kind: "repository", project, location, image };
    return adviseGrant(permission, place, principalName(principal));
  }

  /** What a cache has is what its upstream has, and nothing else. */
  #refuseCache({ repository, projectId }: ResolvedRepository): void {
    const upstream = this.#caches.upstreamOf(projectId);
    if (!upstream) return;
    throw new RegistryError("DENIED", `${repository.project} is a cache of ${upstream.host}: push there`);
  }

  #remember(caller: Caller, question: string, admitted: Admission): void {
    const known = this.#admitted.get(caller);
    if (known && known.size < admittedPerCallerMax) known.set(question, admitted);
    else this.#admitted.set(caller, new Map([[question, admitted]]));
  }
}
