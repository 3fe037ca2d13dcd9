import type { RequestContext } from "../names.ts";

/** Where programs that sign people in find what they need, below the server's own address. */
export const signInEndpoints = {
  authorization_endpoint: "/authorize",
  token_endpoint: "/token",
  device_authorization_endpoint: "/device/code",
  revocation_endpoint: "/revoke",
  userinfo_endpoint: "/userinfo",
  introspection_endpoint: "/v1/introspect",
  jwks_uri: "/jwks",
} as const;

/** What this server says of itself to programs that sign people in (OpenID Connect Discovery 1.0 section 3, RFC 8414). */
export function serverDescription({ origin }: Pick<RequestContext, "origin">): Record<string, unknown> {
  const endpoints = Object.entries(signInEndpoints).map(([name, path]) => [name, `${origin}${path}`]);
  return {
    issuer: origin,
    ...Object.fromEntries(endpoints),
    response_types_supported: ["code"],
    grant_types_supported: [
      "authorization_code",
      "refresh_token",
      "urn:ietf:params:oauth:grant-type:device_code",
      "urn:ietf:params:oauth:grant-type:jwt-bearer",
      "urn:ietf:params:oauth:grant-type:token-exchange",
    ],
    code_challenge_methods_supported: ["S256"],
    token_endpoint_auth_methods_supported: ["none"],
    authorization_response_iss_parameter_supported: true,
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid", "email"],
  };
}
