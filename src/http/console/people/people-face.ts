import { SignInError } from "../../../identity/people/sign-in-error.ts";
import { newSecretText } from "../../../identity/secret-text.ts";
import type { RequestContext } from "../../names.ts";
import { pathOf, queryOf } from "../../url.ts";
import { answerConsoleError, ConsoleError } from "../answer-console-error.ts";
import { csrfToken } from "../csrf.ts";
import { readPageForm } from "../page-form.ts";
import { readCookie, setCookie } from "../session-cookie.ts";
import { type PeopleCall, type PeopleRoute, PeopleRouteTable, type PeopleServices } from "./people-route.ts";
import { peopleRoutes } from "./people-routes.ts";

/** A random text of ours, as a cookie brings it back. */
const visitWellFormed = /^[\w-]{43}$/;

/** The pages of people who sign in, and of those who say what may act for them. */
export class PeopleFace {
  readonly #services: PeopleServices;
  readonly #table = new PeopleRouteTable(peopleRoutes);

  constructor(services: PeopleServices) {
    this.#services = services;
  }

  /** Whether a path is one of these pages. */
  has(path: string): boolean {
    return this.#table.has(path);
  }

  async handle(request: Request, context: RequestContext): Promise<Response> {
    try {
      const method = request.method === "HEAD" ? "GET" : request.method;
      const match = this.#table.find(method, pathOf(request));
      if (!match) throw new ConsoleError(405, "There is no such form", "This page takes nothing of that kind.");
      return await this.#answer(match.route, match.path, request, context);
    } catch (error) {
      return await answerConsoleError(asConsoleError(error), undefined, this.#services.log);
    }
  }

  /** Who sends it, whether the form is ours, and only then what it asks. */
  async #answer(route: PeopleRoute, path: Record<string, string>, request: Request, context: RequestContext) {
    if (route.method === "POST" && !context.secure) throw inClear();
    const cookie = readCookie(request, "session", context);
    const caller = route.who === "signed in" ? await this.#services.sessions.find(cookie) : undefined;
    if (route.who === "signed in" && !caller) return askToSignIn(request);
    const known = readCookie(request, "visit", context);
    const visit = visitWellFormed.test(known) ? known : newSecretText();
    const credential = caller ? cookie : visit;
    const call: PeopleCall = {
      services: this.#services,
      request,
      context,
      path,
      query: queryOf(request),
      form: route.method === "POST" ? await fieldsOf(request, caller ? cookie : known, context.origin) : {},
      csrf: csrfToken(credential),
      visit,
      from: { address: context.address, agent: request.headers.get("user-agent") ?? "" },
    };
    if (route.who === "anybody") {
      const answer = await route.handle(call);
      if (visit !== known && route.method === "GET")
        answer.headers.append("set-cookie", setCookie("visit", visit, context));
      return answer;
    }
    if (caller?.principal.kind !== "user") throw new Error("a session is of a user");
    const { id, email } = caller.principal;
    const viewer = { name: `user:${email}`, csrf: call.csrf };
    return await route.handle({ ...call, caller, user: { id, email }, viewer });
  }
}

async function fieldsOf(...form: Parameters<typeof readPageForm>): Promise<Record<string, string>> {
  return Object.fromEntries(await readPageForm(...form));
}

/** A password that somebody could have read on its way is nobody's any more. */
function inClear(): ConsoleError {
  return new ConsoleError(403, "This connection is not encrypted", "Use the https address of this registry.");
}

/** A page comes back to where it was asked for; a form that was sent by nobody is gone. */
function askToSignIn(request: Request): Response {
  if (request.method === "POST") throw new ConsoleError(401, "Sign in first", "You are not signed in any more.");
  const { pathname, search } = new URL(request.url);
  const location = `/console/sign-in?next=${encodeURIComponent(`${pathname}${search}`)}`;
  return new Response(null, { status: 303, headers: { location, "cache-control": "no-store" } });
}

function asConsoleError(error: unknown): unknown {
  if (!(error instanceof SignInError)) return error;
  const status = { refused: 403, slowed: 429, stale: 410, invalid: 400 }[error.code];
  return new ConsoleError(status, "That was not done", error.message);
}
