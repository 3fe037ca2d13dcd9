import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { doorsOf, type Faces } from "../../src/http/app.ts";
import { startTestServer, type TestServer } from "../server.ts";

/**
 * Every door of the server, and what a stranger gets there: without credentials by GET and by POST, and with a token of
 * nobody's. What lies behind a door that ends in `*` has a matrix of its own, which names each of its routes.
 */
type Row = readonly [path: string, get: number, post: number, badToken: number];

const rows: readonly Row[] = [
  ["/v2/policies/cloudresourcemanager.googleapis.com%2*", 401, 401, 401],
  ["/v2/token", 200, 400, 401],
  ["/v2/*", 401, 405, 401],
  ["/v2", 401, 401, 401],
  ["/v1/_ping", 200, 200, 401],
  ["/v1/search", 401, 405, 401],
  ["/v1/token", 400, 400, 400],
  ["/v1/introspect", 400, 400, 400],
  ["/tokeninfo", 400, 400, 400],
  ["/userinfo", 401, 401, 401],
  ["/jwks", 200, 200, 200],
  ["/service_accounts/v1/jwk/*", 404, 404, 404],
  ["/v1/*", 401, 404, 401],
  ["/v1beta2/*", 404, 404, 404],
  ["/token", 400, 400, 400],
  ["/device/code", 400, 400, 400],
  ["/revoke", 400, 400, 400],
  ["/authorize", 303, 401, 303],
  ["/device", 303, 401, 303],
  ["/device/answer", 405, 401, 405],
  ["/.well-known/openid-configuration", 200, 200, 200],
  ["/healthz", 200, 200, 200],
  ["/readyz", 200, 200, 200],
  ["/", 200, 200, 200],
  ["/console*", 303, 401, 401],
];

/** A path behind a door that stands for many. */
const behind: Readonly<Record<string, string>> = {
  "/v2/policies/cloudresourcemanager.googleapis.com%2*":
    "/v2/policies/cloudresourcemanager.googleapis.com%2Fprojects%2Fshop/denypolicies",
  "/v2/*": "/v2/shop/app/manifests/latest",
  "/v1/*": "/v1/projects/shop",
  "/v1beta2/*": "/v1beta2/projects/shop",
  "/service_accounts/v1/jwk/*": "/service_accounts/v1/jwk/nobody@shop.iam.waybill.internal",
  "/console*": "/console/projects/shop",
};

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

test("every door is in the table", () => {
  const paths = doorsOf({} as Faces).map(({ path }) => path);
  expect(paths.sort()).toEqual(rows.map(([path]) => path).sort());
});

describe("a stranger", () => {
  test.each(rows)("at %s", async (path, get, post, badToken) => {
    const at = behind[path] ?? path;
    const status = async (init: RequestInit) => (await server.fetch(at, { redirect: "manual", ...init })).status;
    const headers = { authorization: "Bearer wba_nobody" };
    const answers = [await status({}), await status({ method: "POST" }), await status({ headers })];
    expect(answers).toEqual([get, post, badToken]);
  });
});
