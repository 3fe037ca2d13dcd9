import { redact } from "../../audit/user-agent.ts";
import { principalName } from "../../identity/principal.ts";
import { projectIdOf, refusalEvent, whenceOf, whoOf } from "../audit-facts.ts";
import { type PathParameters, resolveTarget } from "../google/targets.ts";
import type { RequestContext } from "../names.ts";
import { pathOf, queryOf } from "../url.ts";
import { answerConsoleError, ConsoleError, RefusedError } from "./answer-console-error.ts";
import { answerAsset } from "./assets.ts";
import { type ConsoleCall, type ConsoleRoute, ConsoleRouteTable } from "./console-route.ts";
import { consoleRoutes } from "./console-routes.ts";
import type { ConsoleServices } from "./console-services.ts";
import { csrfToken } from "./csrf.ts";
import { readPageForm } from "./page-form.ts";
import { parseFields } from "./parse-fields.ts";
import type { Visit, Visitors } from "./visitor.ts";

/** The pages under /console/, for whoever is signed in. They show and do what the other faces would, and no more. */
export class ConsoleFace {
  readonly #services: ConsoleServices;
  readonly #visitors: Visitors;
  readonly #table = new ConsoleRouteTable(consoleRoutes);

  constructor(services: ConsoleServices, visitors: Visitors) {
    this.#services = services;
    this.#visitors = visitors;
  }

  async handle(request: Request, context: RequestContext): Promise<Response> {
    const path = pathOf(request);
    const asset = answerAsset(path);
    if (asset) return asset;
    if (path === "/console") return new Response(null, { status: 308, headers: { location: "/console/" } });
    let visit: Visit | undefined;
    try {
      visit = await this.#visitors(request, context);
      if (!visit) return askToSignIn(request);
      return await this.#answer(request, context, visit);
    } catch (error) {
      if (error instanceof RefusedError && visit) {
        const { refusal, resource } = error;
        this.#services.audit.note(refusalEvent(visit.caller, context, refusal, projectIdOf(resource)));
      }
      return await answerConsoleError(error, visit && viewerOf(visit), this.#services.log);
    }
  }

  /** Who asks, whether the form is ours, whether they may, and only then what was asked. */
  async #answer(request: Request, context: RequestContext, visit: Visit): Promise<Response> {
    const match = this.#table.find(request.method === "HEAD" ? "GET" : request.method, pathOf(request));
    if (!match) throw new ConsoleError(404, "There is no such page", "The address may have been mistyped.");
    const { route, path } = match;
    const fields = route.method === "POST" ? await readPageForm(request, visit.credential, context.origin) : [];
    const { resource, found } = await this.#admit(route, path, visit);
    if (this.#services.readOnly && route.method === "POST" && !route.asks) {
      throw new ConsoleError(409, "That was not done", "This server is read-only at the moment: it changes nothing.");
    }
    const { caller } = visit;
    const call: Omit<ConsoleCall, "found"> & { found: unknown } = {
      services: this.#services,
      caller,
      viewer: viewerOf(visit),
      context,
      path,
      resource,
      found,
      query: parseFields(route.query, Object.fromEntries(queryOf(request))),
      form: parseFields(route.form, Object.fromEntries(fields)),
      signal: request.signal,
      may: async (permission, on = resource) => (await this.#services.access.decide(caller, permission, on)).allowed,
    };
    const handle = () => route.handle(call as ConsoleCall);
    if (route.method !== "POST" || route.asks) return await handle();
    return await this.#services.audit.changing(
      {
        kind: "administration",
        method: `POST ${route.pattern}`,
        resource: redact(resource.name),
        outcome: "done",
        who: whoOf(caller),
        from: whenceOf(context),
        projectId: projectIdOf(resource),
      },
      handle,
    );
  }

  async #admit({ target, permission }: ConsoleRoute, path: PathParameters, { caller }: Visit) {
    const { resource, found } = await resolveTarget[target](this.#services, path);
    if (permission === undefined) return { resource, found };
    const decision = await this.#services.access.decide(caller, permission, resource);
    if (!decision.allowed) throw new RefusedError(decision, resource);
    if (!found) throw new ConsoleError(404, "There is no such page", `${resource.name} does not exist.`);
    return { resource, found };
  }
}

function viewerOf({ caller, credential }: Visit) {
  return { name: principalName(caller.principal), csrf: csrfToken(credential) };
}

/** A page comes back to where it was asked for; a form that was sent by nobody is gone. */
function askToSignIn(request: Request): Response {
  if (request.method !== "GET" && request.method !== "HEAD") return new Response("Sign in first.\n", { status: 401 });
  const { pathname, search } = new URL(request.url);
  const next = encodeURIComponent(`${pathname}${search}`);
  return new Response(null, { status: 303, headers: { location: `/console/sign-in?next=${next}` } });
}
