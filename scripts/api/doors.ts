/** What stands at each door of src/http/app.ts: the words of docs/api.md for paths that are no rows of a table of their own. */

export interface DoorText {
  /** What it takes; more than this is 405, or an error of the door's protocol. */
  readonly methods: string;
  /** Who is answered. */
  readonly who: string;
  readonly what: string;
  /** A Markdown link. */
  readonly specification: string;
}

const docker = "[Docker token authentication](https://distribution.github.io/distribution/spec/auth/token/)";
const rfc = (number: number, title: string, section?: string) =>
  `[RFC ${number}${section ? ` section ${section}` : ""}, ${title}](https://www.rfc-editor.org/rfc/rfc${number}${section ? `#section-${section}` : ""})`;
const discovery =
  "[OpenID Connect Discovery](https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig)";

/** Doors that stand for a table: where it is on the page. */
export const tables: Readonly<Record<string, string>> = {
  "/v2/policies/cloudresourcemanager.googleapis.com%2*": "Administration",
  "/v2/*": "Images",
  "/v2": "Images",
  "/v1/_ping": "Images",
  "/v1/search": "Images",
  "/v1/*": "Administration",
  "/v1beta2/*": "Administration",
  "/console*": "Console",
};

/** Every other door. */
export const doors: Readonly<Record<string, DoorText>> = {
  "/v2/token": {
    methods: "GET, POST",
    who: "anybody; without credentials the token is for what is public",
    what: "a registry token for repositories and actions, for a Basic credential or a refresh token",
    specification: docker,
  },
  "/token": {
    methods: "POST",
    who: "whoever proves an account, a login or a code",
    what: "access tokens: JWT-bearer assertions, refresh tokens, authorization codes with PKCE, device codes",
    specification: `${rfc(6749, "OAuth 2.0", "3.2")}, ${rfc(7523, "assertions", "2.1")}, ${rfc(8628, "device codes", "3.4")}`,
  },
  "/v1/token": {
    methods: "POST",
    who: "whoever holds a token of a provider, or one of ours to be narrowed",
    what: "workload identity, and credential access boundaries",
    specification: rfc(8693, "Token Exchange", "2"),
  },
  "/v1/introspect": {
    methods: "POST",
    who: "whoever holds the token",
    what: "what a token of `/v1/token` is worth, as Google's STS says it",
    specification: rfc(7662, "Introspection", "2"),
  },
  "/tokeninfo": {
    methods: "GET, POST",
    who: "whoever holds the token",
    what: "account, scopes and seconds left; the token comes in the header or the form",
    specification: "[Google OAuth 2.0 API](https://developers.google.com/identity/protocols/oauth2)",
  },
  "/userinfo": {
    methods: "GET, POST",
    who: "whoever holds the token",
    what: "whose it is",
    specification: "[OpenID Connect Core 5.3](https://openid.net/specs/openid-connect-core-1_0.html#UserInfo)",
  },
  "/jwks": {
    methods: "GET",
    who: "anybody",
    what: "public keys that id tokens are verified with",
    specification: rfc(7517, "JWK", "5"),
  },
  "/service_accounts/v1/jwk/*": {
    methods: "GET",
    who: "anybody who knows the account's e-mail",
    what: "public keys of one service account",
    specification: rfc(7517, "JWK", "5"),
  },
  "/device/code": {
    methods: "POST",
    who: "anybody",
    what: "begins a sign-in that is finished in a browser elsewhere",
    specification: rfc(8628, "Device Authorization", "3.1"),
  },
  "/device": {
    methods: "GET",
    who: "people who are signed in",
    what: "where the device's code is typed in",
    specification: rfc(8628, "Device Authorization", "3.3"),
  },
  "/device/answer": {
    methods: "POST",
    who: "people who are signed in",
    what: "yes or no to a device",
    specification: rfc(8628, "Device Authorization", "3.3"),
  },
  "/authorize": {
    methods: "GET, POST",
    who: "people who are signed in",
    what: "lets a program act for the person; PKCE is required",
    specification: `${rfc(6749, "OAuth 2.0", "3.1")}, ${rfc(7636, "PKCE")}`,
  },
  "/revoke": {
    methods: "POST",
    who: "whoever holds the token",
    what: "ends a token, and what was made of it",
    specification: rfc(7009, "Revocation", "2"),
  },
  "/.well-known/openid-configuration": {
    methods: "GET",
    who: "anybody",
    what: "where everything is",
    specification: discovery,
  },
  "/healthz": { methods: "GET", who: "anybody", what: "whether the process lives", specification: "Waybill's own" },
  "/readyz": { methods: "GET", who: "anybody", what: "whether it can answer", specification: "Waybill's own" },
  "/": {
    methods: "GET",
    who: "anybody",
    what: "a greeting; browsers go to the console",
    specification: "Waybill's own",
  },
};
