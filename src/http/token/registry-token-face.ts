import type { Access } from "../../access/decide.ts";
import { deleteArtifacts, type Permission, pull, push } from "../../access/permissions.ts";
import { repositoryResource } from "../../access/resource.ts";
import type { Audit } from "../../audit/audit.ts";
import { redact } from "../../audit/user-agent.ts";
import type { Caller, TokenAccess } from "../../identity/caller.ts";
import { basicCredentials, type Credentials, parseAuthorization } from "../../identity/credentials.ts";
import { IdentityError } from "../../identity/identity-error.ts";
import { principalKey } from "../../identity/principal.ts";
import { formatScopes } from "../../identity/scopes.ts";
import type { ServiceTokens } from "../../identity/service-tokens.ts";
import { parseProjectPath } from "../../registry/project-path.ts";
import { RegistryError } from "../../registry/registry-error.ts";
import { parseRepository, type Repository } from "../../registry/repository.ts";
import { resolveRepository } from "../../registry/resolve.ts";
import type { Metadata } from "../../storage/metadata/metadata.ts";
import { projectIdOf, refusalEvent, whenceOf, whoOf } from "../audit-facts.ts";
import { answer, answerError, type ErrorLog } from "../distribution/answer-error.ts";
import type { Doorkeeper } from "../doorkeeper.ts";
import type { RequestContext } from "../names.ts";
import { queryOf } from "../url.ts";
import { parseAccessScopes } from "./access-scope.ts";
import { answerOAuthError } from "./answer-oauth-error.ts";
import { readForm } from "./form.ts";
import { type Granted, GrantedScopes } from "./granted-scopes.ts";
import type { KeyLogins } from "./key-logins.ts";
import { OAuthError } from "./oauth-error.ts";

export interface RegistryTokenServices {
  readonly metadata: Metadata;
  readonly doorkeeper: Doorkeeper;
  readonly keyLogins: KeyLogins;
  readonly access: Access;
  readonly audit: Audit;
  readonly tokens: ServiceTokens;
  readonly now: () => number;
  readonly log: ErrorLog;
}

/** docker, podman and containerd do not renew in the middle of a push; that every request is decided anew makes it safe. */
const lifetimeSeconds = 3600;
const actionPermissions: Readonly<Record<string, Permission>> = { pull, push, delete: deleteArtifacts };
const nothingCached = { "cache-control": "no-store" };

/** `/v2/token`: Docker token authentication, by GET with Basic and by POST of a form. */
export class RegistryTokenFace {
  readonly #services: RegistryTokenServices;
  readonly #grants = new GrantedScopes();

  constructor(services: RegistryTokenServices) {
    this.#services = services;
  }

  async handle(request: Request, context: RequestContext): Promise<Response> {
    try {
      switch (request.method) {
        case "GET":
          return await this.#byQuery(request, context);
        case "POST":
          return await this.#byForm(request, context);
        default:
          throw new RegistryError("UNSUPPORTED", "tokens are asked for with GET or POST");
      }
    } catch (error) {
      if (error instanceof IdentityError) {
        return answer("UNAUTHORIZED", error.message, undefined, {
          ...nothingCached,
          "www-authenticate": `Basic realm="${context.host}"`,
        });
      }
      if (error instanceof OAuthError) return answerOAuthError(error, this.#services.log);
      return answerError(error, context, this.#services.log);
    }
  }

  async #byQuery(request: Request, context: RequestContext): Promise<Response> {
    const credentials = parseAuthorization(request.headers.get("authorization"));
    const query = queryOf(request);
    const caller = await this.#identify(credentials, context);
    const lasting = query.get("offline_token") === "true" ? await this.#login(caller, query, context) : undefined;
    return await this.#issue(caller, query.getAll("scope"), context, lasting);
  }

  async #byForm(request: Request, context: RequestContext): Promise<Response> {
    const form = await readForm(request);
    const grant = form.get("grant_type");
    if (grant === "refresh_token") {
      const caller = await this.#services.keyLogins.caller(form.get("refresh_token") ?? "", context);
      return await this.#issue(caller, form.getAll("scope"), context);
    }
    if (grant !== "password") {
      throw new OAuthError("unsupported_grant_type", "this endpoint knows password and refresh_token only");
    }
    const credentials = basicCredentials(form.get("username") ?? "", form.get("password") ?? "");
    const caller = await this.#identify(credentials, context);
    const lasting = form.get("access_type") === "offline" ? await this.#login(caller, form, context) : undefined;
    return await this.#issue(caller, form.getAll("scope"), context, lasting);
  }

  async #identify(credentials: Credentials, context: RequestContext): Promise<Caller> {
    return await this.#services.doorkeeper.identify(credentials, context, { registryTokens: false });
  }

  /** What the client may keep in the place of a key; nothing where that would outlive what it showed. */
  async #login(caller: Caller, parameters: URLSearchParams, context: RequestContext): Promise<string | undefined> {
    return await this.#services.keyLogins.begin(caller, parameters.get("client_id") ?? "", context);
  }

  /** Grants what was asked for and may be had; less is no error here, the registry refuses later and says why. */
  async #issue(
    caller: Caller,
    scopes: readonly string[],
    context: RequestContext,
    refreshToken?: string,
  ): Promise<Response> {
    const { tokens, audit, now } = this.#services;
    const { access, texts, shown } = await this.#granted(caller, scopes, context);
    const issuedAt = Math.floor(now() / 1000);
    const token = tokens.sign("registry", {
      sub: principalKey(caller.principal),
      iat: issuedAt,
      exp: issuedAt + lifetimeSeconds,
      scope: formatScopes(caller.scopes),
      ...caller.lineage,
      access,
    });
    await audit.issued({
      kind: "token.issued",
      token: "registry",
      grant: "basic",
      access: shown,
      who: whoOf(caller),
      from: whenceOf(context),
    });
    const body = {
      token,
      access_token: token,
      scope: texts.join(" "),
      expires_in: lifetimeSeconds,
      issued_at: new Date(issuedAt * 1000).toISOString(),
      ...(refreshToken !== undefined && { refresh_token: refreshToken }),
    };
    return Response.json(body, { headers: nothingCached });
  }

  async #granted(caller: Caller, scopes: readonly string[], context: RequestContext): Promise<Granted> {
    const question = `${context.location} ${scopes.join(" ")}`;
    const known = this.#grants.find(caller, question);
    if (known) return known;
    const asked = parseAccessScopes(scopes);
    if (!asked) throw new RegistryError("DENIED", "a scope must be repository:PROJECT/IMAGE:ACTION,…");
    const grants = await Promise.all(asked.map((each) => this.#grant(caller, each, context)));
    const access = grants.map((grant) => ({ ...grant.access, actions: [...grant.access.actions] }));
    const texts = access.map(({ type, name, actions }) => `${type}:${name}:${actions.join(",")}`);
    const granted = { access, texts, shown: texts.map(redact) };
    if (grants.every(({ lasts }) => lasts)) this.#grants.remember(caller, question, granted);
    return granted;
  }

  /** What is given of one scope; `lasts` while the caller's state of the world does. */
  async #grant(caller: Caller, asked: TokenAccess, context: RequestContext) {
    // The catalog shows each caller their own repositories, so that nobody need be kept from it.
    if (asked.type === "registry" && asked.name === "catalog") return { access: asked, lasts: true };
    // So does a project's list, and it is read by the project's own name.
    if (asked.type === "repository" && parseProjectPath(asked.name, context.location))
      return { access: { ...asked, actions: asked.actions.filter((action) => action === "pull") }, lasts: true };
    const repository = asked.type === "repository" ? repositoryOf(asked.name, context) : undefined;
    if (!repository) return { access: { ...asked, actions: [] }, lasts: false };
    const resolved = await resolveRepository(this.#services.metadata, repository);
    const resource = repositoryResource(repository, resolved);
    const actions: string[] = [];
    // A project that is made, and what was refused, are looked at again; so is what a condition gave for a while.
    let lasts = resolved.projectId !== undefined;
    for (const action of wantedActions(asked)) {
      const permission = actionPermissions[action];
      if (!permission) continue;
      const decision = await this.#services.access.decide(caller, permission, resource);
      if (!decision.allowed || decision.momentary) lasts = false;
      if (decision.allowed) actions.push(action);
      else if (asked.actions.includes(action) || asked.actions.includes("*"))
        this.#services.audit.note(refusalEvent(caller, context, decision, projectIdOf(resource)));
    }
    return { access: { ...asked, actions }, lasts };
  }
}

/** gcloud asks for push and deletes with it, as Google's registries let it (docs/decisions/0011). */
function wantedActions({ actions }: TokenAccess): readonly string[] {
  if (actions.includes("*")) return Object.keys(actionPermissions);
  return actions.includes("push") && !actions.includes("delete") ? [...actions, "delete"] : actions;
}

/** A scope for a name that cannot be is granted nothing; the request that uses it is told why. */
function repositoryOf(name: string, { location }: RequestContext): Repository | undefined {
  try {
    return parseRepository(name, location);
  } catch (error) {
    if (error instanceof RegistryError) return undefined;
    throw error;
  }
}
