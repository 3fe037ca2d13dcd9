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
import { pathOf } from "./url.ts";

/** Who answers what. */
export interface Faces {
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

/** The whole server as one function of a request. The busiest paths are looked at first. */
export function createApp(names: Names, faces: Faces) {
  return async (request: Request, connection: Connection): Promise<Response> => {
    const path = pathOf(request);
    const context = names.contextOf(request, connection);
    // IAM v2; gcloud encodes the percent sign once more. No image's path has one.
    if (/^\/v2\/policies\/cloudresourcemanager\.googleapis\.com%2/.test(path)) {
      return await faces.google.fetch(request, { context });
    }
    if (path === "/v2/token") return await faces.registryTokens.handle(request, context);
    if (path.startsWith("/v2/") || path === "/v2") return await faces.registry.handle(request, context);
    if (path === "/v1/_ping" || path === "/v1/search") return await faces.registry.handle(request, context);
    if (path === "/v1/introspect") return await faces.tokenInfo.handle(request, context);
    if (path === "/v1/token") return await faces.securityTokens.handle(request, context);
    if (path.startsWith("/v1/") || path.startsWith("/v1beta2/")) return await faces.google.fetch(request, { context });
    switch (path) {
      case "/token":
        return await faces.oauth.handle(request, context);
      case "/device/code":
      case "/revoke":
        return await faces.logins.handle(request, context);
      case "/.well-known/openid-configuration":
        return Response.json(serverDescription(context), { headers: { "cache-control": "public, max-age=3600" } });
      case "/healthz":
      case "/readyz":
        return new Response("ok\n");
      case "/":
        // People who type the address want to see something.
        if (request.headers.get("accept")?.includes("text/html")) {
          return new Response(null, { status: 303, headers: { location: "/console/" } });
        }
        return new Response("Waybill, a container registry. See docker login, or waybill auth login.\n");
      default:
        if (faces.tokenInfo.has(path)) return await faces.tokenInfo.handle(request, context);
        if (faces.people.has(path)) return await faces.people.handle(request, context);
        if (path.startsWith("/console")) return await faces.console.handle(request, context);
        return Response.json({ error: "there is nothing at this path" }, { status: 404 });
    }
  };
}
