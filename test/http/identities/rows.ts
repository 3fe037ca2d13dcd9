import { type Identity, identities } from "./identities.ts";
import type { How } from "./ways.ts";

/** A status, or a status and what was told with it. */
export type Outcome = number | string;

export interface Row {
  /** As the table of doors has it. */
  readonly door: string;
  /** `GET /v2/shop/app/manifests/latest` */
  readonly line: string;
  /** How each shows who they are. */
  readonly how: How;
  readonly answers: Readonly<Record<Identity, Outcome>>;
  /** Members of the answer that are to be told, beside its status. */
  readonly tells?: readonly string[];
}

const all = (outcome: Outcome) => Object.fromEntries(identities.map((who) => [who, outcome])) as Row["answers"];
const but = (outcome: Outcome, others: Partial<Row["answers"]>) => ({ ...all(outcome), ...others });
/** Who is believed wherever an access token is, and what each of them gets. */
const believed = (reader: Outcome, writer: Outcome = reader, owner: Outcome = writer) =>
  ({ reader, federated: reader, writer, owner }) as const;

const blob = `sha256:${"0".repeat(64)}`;
const upload = "0".repeat(32);
const pulls = believed(200);

/** What an image is asked for: a registry token for pulling is good for pulling, and for nothing else. */
const images: readonly (readonly [line: string, answers: Row["answers"]])[] = [
  ["GET /v2/", but(401, { ...pulls, registry: 200 })],
  ["GET /v2/_catalog", but(401, { ...pulls, registry: 401 })],
  ["GET /v2/shop/app/tags/list", but(401, { ...pulls, registry: 200 })],
  ["GET /v2/shop/tags/list", but(401, { ...pulls, registry: 401 })],
  ["GET /v2/shop/app/manifests/latest", but(401, { ...pulls, registry: 200 })],
  ["HEAD /v2/shop/app/manifests/latest", but(401, { ...pulls, registry: 200 })],
  [`GET /v2/shop/app/referrers/${blob}`, but(401, { ...pulls, registry: 200 })],
  [`GET /v2/shop/app/blobs/${blob}`, but(401, { ...believed(404), registry: 404 })],
  [`HEAD /v2/shop/app/blobs/${blob}`, but(401, { ...believed(404), registry: 404 })],
  ["POST /v2/shop/app/blobs/uploads/", but(401, believed(403, 202))],
  ["PUT /v2/shop/app/manifests/new", but(401, believed(403, 400))],
  ["DELETE /v2/shop/app/manifests/nothing", but(401, believed(403, 403, 404))],
  [`DELETE /v2/shop/app/blobs/${blob}`, but(401, believed(403, 403, 404))],
  ...["GET", "PATCH", "PUT", "DELETE"].map(
    (method) =>
      [`${method} /v2/shop/app/blobs/uploads/${upload}`, but(401, { ...believed(403, 404), expired: 404 })] as const,
  ),
];

const wanted = "scope=repository:shop/app:pull,push";
const granted = (actions: string) => `200 repository:shop/app:${actions}`;
const grants = believed(granted("pull"), granted("pull,push"), granted("pull,push,delete"));
/** Nobody who shows a credential that is none is taken for a stranger. */
const row = (door: string, line: string, how: How, answers: Row["answers"], ...tells: string[]): Row => ({
  door,
  line,
  how,
  answers,
  tells,
});

/**
 * Who gets what at each door, by who they are. The rows were written by hand and are to be read in review. Where only the
 * owner's answer differs, it is a matter of roles, of which test/access/matrix.test.ts and test/http/google/matrix.test.ts
 * have more.
 */
export const rows: readonly Row[] = [
  row("/v2/token", `GET /v2/token?${wanted}`, "password", but(401, { ...grants, nobody: granted("") }), "scope"),
  row(
    "/v2/token",
    `GET /v2/token?${wanted}`,
    "header",
    but(401, { ...grants, nobody: granted(""), person: granted("") }),
    "scope",
  ),
  row("/v2/token", `POST /v2/token`, "password grant", but(401, { ...grants, nobody: granted("") }), "scope"),
  row(
    "/v2/token",
    `POST /v2/token`,
    "registry refresh",
    but(401, { reader: granted("pull"), writer: granted("pull,push"), owner: granted("pull,push,delete") }),
    "scope",
  ),
  ...images.map(([line, answers]) => row("/v2/*", line, "header", answers)),
  row("/v2", "GET /v2", "header", but(401, { ...pulls, registry: 200 })),
  row("/v1/_ping", "GET /v1/_ping", "header", but(401, { ...pulls, nobody: 200, person: 200, registry: 200 })),
  row("/v1/search", "GET /v1/search?q=app", "header", but(401, pulls)),

  row(
    "/v1/token",
    "POST /v1/token",
    "narrowing",
    but("400 invalid_grant", { ...believed("200 Bearer") }),
    "token_type",
    "error",
  ),
  row(
    "/v1/token",
    "POST /v1/token",
    "exchange",
    but("400 invalid_grant", { federated: "200 Bearer" }),
    "token_type",
    "error",
  ),
  row("/v1/introspect", "POST /v1/introspect", "form token", but("200 false", believed("200 true")), "active"),
  row("/tokeninfo", "GET /tokeninfo", "header", but(400, believed(200))),
  row("/tokeninfo", "POST /tokeninfo", "form access token", but(400, believed(200))),
  row("/userinfo", "GET /userinfo", "header", but(401, believed(200))),
  row("/jwks", "GET /jwks", "header", all(200)),
  row("/.well-known/openid-configuration", "GET /.well-known/openid-configuration", "header", all(200)),
  row(
    "/service_accounts/v1/jwk/*",
    "GET /service_accounts/v1/jwk/nobody@shop.iam.waybill.internal",
    "header",
    all(404),
  ),

  row(
    "/token",
    "POST /token",
    "assertion",
    but("400 invalid_grant", { reader: "200 Bearer", writer: "200 Bearer", owner: "200 Bearer" }),
    "token_type",
    "error",
  ),
  row("/token", "POST /token", "refresh", but("400 invalid_grant", { person: "200 Bearer" }), "token_type", "error"),
  row("/token", "POST /token", "code", but("400 invalid_grant", { person: "200 Bearer" }), "token_type", "error"),
  row(
    "/token",
    "POST /token",
    "device",
    but("400 authorization_pending", { person: "200 Bearer" }),
    "token_type",
    "error",
  ),
  row("/device/code", "POST /device/code", "device start", all(200)),

  row("/v1/*", "GET /v1/projects/shop", "header", but(401, { ...believed(403, 403, 200) })),
  row("/v1beta2/*", "GET /v1beta2/projects/shop/locations", "header", but(401, { ...believed(200) })),
  row(
    "/v2/policies/cloudresourcemanager.googleapis.com%2*",
    "GET /v2/policies/cloudresourcemanager.googleapis.com%2Fprojects%2Fshop/denypolicies",
    "header",
    but(401, { ...believed(403, 403, 200) }),
  ),

  row("/authorize", "GET /authorize?response_type=code&client_id=waybill", "header", but(303, { person: 400 })),
  row("/authorize", "POST /authorize", "header", but(401, { person: 400 })),
  row("/device", "GET /device", "header", but(303, { person: 200 })),
  row("/device", "POST /device", "header", but(401, { person: 400 })),
  row("/device/answer", "POST /device/answer", "header", but(401, { person: 400 })),
  row("/console*", "GET /console/", "header", but(401, { ...believed(200), nobody: 303, person: 200 })),
  row("/console*", "GET /console/projects/shop", "header", but(401, { ...believed(200), nobody: 303, person: 200 })),
  row("/console*", "GET /console/account", "header", but(303, { person: 200 })),
  row("/healthz", "GET /healthz", "header", all(200)),
  row("/readyz", "GET /readyz", "header", all(200)),
  row("/", "GET /", "header", all(200)),
  // The last: it ends the tokens that it is shown, of whoever shows them.
  row("/revoke", "POST /revoke", "form token", all(200)),
];
