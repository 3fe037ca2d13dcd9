import type { Sessions } from "../../identity/sessions.ts";
import type { ErrorLog } from "../distribution/answer-error.ts";
import type { RequestContext } from "../names.ts";
import { ForeignFormError, readPageForm } from "./page-form.ts";
import { clearCookie, readCookie } from "./session-cookie.ts";

export interface SignInServices {
  readonly sessions: Sessions;
  readonly log: ErrorLog;
}

/** Signing in and out with a browser. */
export class SignInFace {
  readonly #services: SignInServices;

  constructor(services: SignInServices) {
    this.#services = services;
  }

  async handle(request: Request, context: RequestContext): Promise<Response> {
    try {
      return await this.#signOut(request, context);
    } catch (error) {
      if (error instanceof ForeignFormError) return new Response(`${error.message}\n`, { status: 403 });
      throw error;
    }
  }

  async #signOut(request: Request, context: RequestContext): Promise<Response> {
    const cookie = readCookie(request, "session", context);
    await readPageForm(request, cookie, context.origin);
    const caller = await this.#services.sessions.find(cookie);
    if (caller?.principal.kind === "user") await this.#services.sessions.end(caller.principal.id, caller.sessionId);
    const headers = { location: "/console/sign-in", "set-cookie": clearCookie("session", context) };
    return new Response(null, { status: 303, headers });
  }
}
