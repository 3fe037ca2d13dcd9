import type { Access, NeededAccess } from "../../access/decide.ts";
import type { Permission } from "../../access/permissions.ts";
import { repositoryResource } from "../../access/resource.ts";
import type { Authenticator } from "../../identity/authenticator.ts";
import type { Caller } from "../../identity/caller.ts";
import { parseAuthorization } from "../../identity/credentials.ts";
import type { Repository } from "../../registry/repository.ts";
import { type ResolvedRepository, resolveRepository } from "../../registry/resolve.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import type { RequestContext } from "../names.ts";
import { RefusalError } from "./refusal.ts";

/** An action of Docker token authentication. */
export type Action = "pull" | "push" | "delete";

/** A pusher's token has both: clients read what is there before they write. */
const scopeActions: Readonly<Record<Action, string>> = { pull: "pull", push: "pull,push", delete: "delete" };

/** Where a request to a repository is let in or not. */
export class Gate {
  readonly #metadata: Metadata;
  readonly #authenticator: Authenticator;
  readonly #access: Access;

  constructor(metadata: Metadata, authenticator: Authenticator, access: Access) {
    this.#metadata = metadata;
    this.#authenticator = authenticator;
    this.#access = access;
  }

  /** Who is asking. Throws IdentityError for a bad credential; none is an anonymous caller. */
  async identify(request: Request, context: RequestContext, graceMilliseconds = 0): Promise<Caller> {
    const credentials = parseAuthorization(request.headers.get("authorization"));
    return await this.#authenticator.authenticate(credentials, context, { registryTokens: true, graceMilliseconds });
  }

  /** The repository, where the caller may do this with it. Throws RefusalError, before anything says whether it exists. */
  async admit(caller: Caller, repository: Repository, permission: Permission, action: Action) {
    const resolved = await resolveRepository(this.#metadata, repository);
    const decision = await this.decide(caller, resolved, permission, action);
    if (decision.allowed) return resolved;
    throw new RefusalError(decision, `repository:${repository.path}:${scopeActions[action]}`);
  }

  async decide(caller: Caller, resolved: ResolvedRepository, permission: Permission, action: Action) {
    const { path, location } = resolved.repository;
    const needed: NeededAccess = { type: "repository", name: path, action };
    return await this.#access.decide(caller, permission, repositoryResource(path, location, resolved), needed);
  }
}
