import type { Connection } from "./connection.ts";
import type { ConsoleFace } from "./console/console-face.ts";
import type { PeopleFace } from "./console/people/people-face.ts";
import type { RegistryFace } from "./distribution/registry-face.ts";
import type { Names, RequestContext } from "./names.ts";
import type { LoginFace } from "./token/login-face.ts";
import type { OAuthFace } from "./token/oauth-face.ts";
import type { RegistryTokenFace } from "./token/registry-token-face.ts";
import type { SecurityTokenFace } from "./token/security-token-face.ts";
import { serverDescription } from "./token/server-description.ts";
import type { TokenInfoFace } from "./token/token-info-face.ts";
import { retryAfter } from "./unreachable.ts";
import { pathOf } from "./url.ts";

/** Who answers what. */
export interface Faces {
  /** Which of the database and the store do not answer, so that requests cannot be answered. */
  readonly whatIsAway: () => Promise<readonly string[]>;
  readonly registry: RegistryFace;
  readonly registryTokens: RegistryTokenFace;
  readonly oauth: OAuthFace;
  readonly people: PeopleFace;
  readonly securityTokens: SecurityTokenFace;
  readonly tokenInfo: TokenInfoFace;
  readonly logins: LoginFace;
  readonly console: ConsoleFace;
  readonly google: { fetch(request: Request, bindings: { context: RequestContext }): Response | Promise<Response> };
}

type Answer = (request: Request, context: RequestContext) => Response | Promise<Response>;

/** Paths that one face answers. */
export interface Door {
  /** The whole path; one that ends in `*` stands for all that begin so. */
  readonly path: string;
  readonly answer: Answer;
}

/** Every door of the server. Where the same path has two, the whole path comes first, then the order here. */
export function doorsOf(faces: Faces): readonly Door[] {
  const { registry, registryTokens, oauth, people, securityTokens, tokenInfo, logins, console, google } = faces;
  const door = (path: string, answer: Answer): Door => ({ path, answer });
  const to = (face: { handle: Answer }, ...paths: string[]) =>
    paths.map((path) => door(path, (request, context) => face.handle(request, context)));
  const api: Answer = (request, context) => google.fetch(request, { context });
  return [
    // IAM v2; gcloud encodes the percent sign once more. No image's path has one.
    door("/v2/policies/cloudresourcemanager.googleapis.com%2*", api),
    ...to(registryTokens, "/v2/token"),
    ...to(registry, "/v2/*", "/v2", "/v1/_ping", "/v1/search"),
    ...to(securityTokens, "/v1/token"),
    ...to(tokenInfo, "/v1/introspect", "/tokeninfo", "/userinfo", "/jwks", "/service_accounts/v1/jwk/*"),
    door("/v1/*", api),
    door("/v1beta2/*", api),
    ...to(oauth, "/token"),
    ...to(logins, "/device/code", "/revoke"),
    door("/.well-known/openid-configuration", (_, context) =>
      Response.json(serverDescription(context), { headers: { "cache-control": "public, max-age=3600" } }),
    ),
    door("/healthz", () => new Response("ok\n")),
    door("/readyz", async () => readiness(await faces.whatIsAway())),
    door("/", greet),
    ...to(people, "/authorize", "/device", "/device/answer"),
    door("/console*", (request, context) => {
      const face = people.has(pathOf(request)) ? people : console;
      return face.handle(request, context);
    }),
  ];
}

/** The whole server as one function of a request. */
export function createApp(names: Names, faces: Faces) {
  const doors = doorsOf(faces);
  const exact = new Map(doors.map(({ path, answer }) => [path, answer]));
  const wide = doors
    .filter(({ path }) => path.endsWith("*"))
    .map((each) => ({ ...each, start: each.path.slice(0, -1) }));
  const answerAnew = async (request: Request, context: RequestContext): Promise<Response> => {
    const path = pathOf(request);
    const answer = exact.get(path);
    if (answer) return await answer(request, context);
    for (const { start, answer } of wide) if (path.startsWith(start)) return await answer(request, context);
    return Response.json({ error: "there is nothing at this path" }, { status: 404 });
  };
  return (request: Request, connection: Connection): Response | Promise<Response> => {
    const context = names.contextOf(request, connection);
    return faces.registry.again(request, context) ?? answerAnew(request, context);
  };
}

/** 200 where requests can be answered; else what does not answer, for whoever routes them. */
function readiness(away: readonly string[]): Response {
  if (away.length === 0) return new Response("ok\n");
  return new Response(away.map((what) => `${what} does not answer\n`).join(""), { status: 503, headers: retryAfter });
}

/** People who type the address want to see something. */
function greet({ headers }: Request): Response {
  if (headers.get("accept")?.includes("text/html")) {
    return new Response(null, { status: 303, headers: { location: "/console/" } });
  }
  return new Response("Waybill, a container registry. See docker login, or waybill auth login.\n");
}
