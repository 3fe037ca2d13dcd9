import { Hono } from "hono";
import type { Detail } from "../../audit/event.ts";
import { redact } from "../../audit/user-agent.ts";
import type { Caller } from "../../identity/caller.ts";
import { parseAuthorization } from "../../identity/credentials.ts";
import { projectIdOf, refusalEvent, useOf, whenceOf, whoOf } from "../audit-facts.ts";
import type { RequestContext } from "../names.ts";
import { pathOf } from "../url.ts";
import { answerApiError, apiHeaders, refused, unauthenticated } from "./answer-api-error.ts";
import { ApiError } from "./api-error.ts";
import { select } from "./partial-response.ts";
import { readBody, readQuery, readSelection } from "./request-input.ts";
import { type Route, RouteTable } from "./route.ts";
import { googleRoutes } from "./routes.ts";
import type { GoogleServices } from "./services.ts";
import { type PathParameters, resolveTarget } from "./targets.ts";

/** Resource Manager, IAM and Artifact Registry REST, as far as this server has what they speak of. */
export function createGoogleApi(services: GoogleServices): Hono<{ Bindings: { context: RequestContext } }> {
  const table = new RouteTable(googleRoutes);
  return new Hono<{ Bindings: { context: RequestContext } }>().all("*", async ({ req, env }) => {
    try {
      const body = await answer(services, table, req.raw, env.context);
      return Response.json(body, { headers: apiHeaders });
    } catch (error) {
      return answerApiError(error, services.log, pathOf(req.raw));
    }
  });
}

/** Who asks, then whether they may, and only then anything else: a body of a stranger is not even read. */
async function answer(services: GoogleServices, table: RouteTable, request: Request, context: RequestContext) {
  const match = table.find(request.method, pathOf(request));
  if (!match) throw new ApiError("NOT_FOUND", `There is no method ${request.method} ${pathOf(request).slice(0, 200)}.`);
  const caller = await identify(services, request, context);
  const { route, path } = match;
  const { resource, found } = await admit(services, route, path, caller, context);
  if (services.readOnly && changes(route)) {
    throw new ApiError("FAILED_PRECONDITION", "This server is read-only at the moment: it changes nothing.");
  }
  const query = readQuery(request, route.query);
  const body = route.body && (await readBody(request, route.body));
  const selection = readSelection(request);
  const call = { services, caller, context, path, resource, found, query, body };
  const handle = () => route.handle(call as Parameters<Route["handle"]>[0]);
  if (!changes(route)) return select(await handle(), selection);
  const event = {
    kind: "administration",
    method: `${route.method} ${route.pattern}`,
    resource: redact(resource.name),
    outcome: "done",
    change: changeOf(route, path, body),
    who: whoOf(caller),
    from: whenceOf(context),
    projectId: projectIdOf(resource),
  } as const;
  return select(await services.audit.changing(event, handle), selection);
}

function changeOf({ audited }: Route, path: PathParameters, body: unknown): Detail {
  const names = Object.fromEntries(Object.entries(path).map(([name, text]) => [name, redact(text.slice(0, 200))]));
  return audited ? { ...names, ...audited(body as never) } : names;
}

/** Whether a method leaves anything behind. */
function changes({ method, pattern }: Route): boolean {
  return method !== "GET" && !/:(?:troubleshoot|(?:get|list|test|query|generate|sign)[A-Z]\w*)$/.test(pattern);
}

/** Bearer tokens only. Nobody is anonymous here, whatever a policy opens to everybody. */
async function identify(services: GoogleServices, request: Request, context: RequestContext): Promise<Caller> {
  const credentials = parseAuthorization(request.headers.get("authorization"));
  if (credentials.kind !== "bearer") services.doorkeeper.countAnonymous(context);
  if (credentials.kind !== "bearer") throw unauthenticated("log in: send an access token as a Bearer token");
  return await services.doorkeeper.identify(credentials, context, { registryTokens: false });
}

async function admit(
  services: GoogleServices,
  { target, permission }: Route,
  path: PathParameters,
  caller: Caller,
  context: RequestContext,
) {
  const { resource, found } = await resolveTarget[target](services, path);
  if (permission === undefined) return { resource, found };
  const decision = await services.access.decide(caller, permission, resource);
  if (!decision.allowed) {
    services.audit.note(refusalEvent(caller, context, decision, projectIdOf(resource)));
    throw refused(decision);
  }
  if (!found) throw new ApiError("NOT_FOUND", `${resource.name} does not exist.`);
  services.audit.again(services.audit.use(useOf(caller, permission, resource)));
  return { resource, found };
}
