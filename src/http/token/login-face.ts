import type { Audit } from "../../audit/audit.ts";
import { nobody } from "../../audit/event.ts";
import type { Devices } from "../../identity/people/devices.ts";
import type { Logins } from "../../identity/people/logins.ts";
import type { Revocations } from "../../identity/revocations.ts";
import { formatScopes, parseScopes } from "../../identity/scopes.ts";
import { whenceOf } from "../audit-facts.ts";
import type { ErrorLog } from "../distribution/answer-error.ts";
import type { Doorkeeper } from "../doorkeeper.ts";
import type { RequestContext } from "../names.ts";
import { pathOf } from "../url.ts";
import { answerOAuthError, notStored } from "./answer-oauth-error.ts";
import { readForm } from "./form.ts";
import { requireClient } from "./login-grants.ts";
import { OAuthError } from "./oauth-error.ts";

export interface LoginServices {
  readonly devices: Devices;
  readonly logins: Logins;
  readonly revocations: Revocations;
  readonly doorkeeper: Doorkeeper;
  readonly audit: Audit;
  readonly log: ErrorLog;
}

/** Where programs ask, beside `/token`: `/device/code` (RFC 8628 section 3.1) and `/revoke` (RFC 7009). */
export class LoginFace {
  readonly #services: LoginServices;

  constructor(services: LoginServices) {
    this.#services = services;
  }

  async handle(request: Request, context: RequestContext): Promise<Response> {
    try {
      if (request.method !== "POST") throw new OAuthError("invalid_request", "this endpoint takes POST");
      const form = await readForm(request);
      const isDevice = pathOf(request) === "/device/code";
      const answer = isDevice ? await this.#startDevice(form, context) : await this.#revoke(form, context);
      return Response.json(answer, { headers: notStored });
    } catch (error) {
      return answerOAuthError(error, this.#services.log);
    }
  }

  async #startDevice(form: URLSearchParams, context: RequestContext): Promise<object> {
    const clientId = requireClient(form);
    this.#services.doorkeeper.countAnonymous(context);
    const scopes = parseScopes(form.get("scope") ?? "");
    if (!scopes || scopes.size === 0) throw new OAuthError("invalid_scope", "name the scopes that are wanted");
    const start = await this.#services.devices.start(clientId, formatScopes(scopes), context.address);
    return {
      device_code: start.deviceCode,
      user_code: start.userCode,
      // Not with the code in it: whoever sends somebody such a link would be let in by one click.
      verification_uri: `${context.origin}/device`,
      expires_in: start.expiresInSeconds,
      interval: start.intervalSeconds,
    };
  }

  /** The same answer whether there was such a token or not (RFC 7009 section 2.2). */
  async #revoke(form: URLSearchParams, context: RequestContext): Promise<object> {
    const token = form.get("token") ?? "";
    this.#services.doorkeeper.countAnonymous(context);
    // Whoever has an access token may end it, as at Google: gcloud names no client.
    const ended = await this.#services.revocations.revoke(token);
    if (!ended) {
      requireClient(form);
      await this.#services.logins.endByToken(token);
    }
    const action = ended ? "access token revoked" : "login revoked";
    this.#services.audit.note({ kind: "session", action, who: nobody, from: whenceOf(context) });
    return {};
  }
}
