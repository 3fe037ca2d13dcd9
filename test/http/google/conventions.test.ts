/** What every method of the API has in common: pages, partial answers, and errors that a program can read. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { scope } from "../../../src/identity/scopes.ts";
import { pushImage, smallImage } from "../../registry/small-image.ts";
import { startWorld, type World } from "./exchange.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
  const { account, key } = await world.member([["installation", "roles/owner"]]);
  const token = world.server.accessToken(account, key);
  for (const name of ["a", "b", "c"]) {
    await world.owner("POST /v1/projects/shop/serviceAccounts", { accountId: `robot-${name}` });
    await world.owner("POST /v1/projects", { projectId: `shop-${name}` });
    await pushImage(world.server, `shop/${name}`, "latest", smallImage(name), token);
    await pushImage(world.server, "shop/many", name, smallImage(name), token);
  }
});
afterAll(() => world.server.close());

const repository = "/v1/projects/shop/locations/default/repositories/default";
/** Every listing that has pages, with the field of its items. */
const listings = [
  ["/v1/projects", "projects"],
  ["/v1/projects/shop/serviceAccounts", "accounts"],
  ["/v1/roles", "roles"],
  [`${repository}/packages`, "packages"],
  [`${repository}/dockerImages`, "dockerImages"],
  [`${repository}/packages/many/versions`, "versions"],
  [`${repository}/packages/many/tags`, "tags"],
] as const;

describe("a listing", () => {
  test.each(listings)("of %s comes in pages, each item once and in one order", async (path, field) => {
    const whole = (await world.owner(`GET ${path}`)).body;
    expect(whole.nextPageToken).toBeUndefined();
    expect(whole[field].length).toBeGreaterThanOrEqual(3);
    const items: unknown[] = [];
    let token: string | undefined;
    do {
      const { status, body } = await world.owner(`GET ${path}?pageSize=2${token ? `&pageToken=${token}` : ""}`);
      expect(status).toBe(200);
      expect(body[field]?.length ?? 0).toBeLessThanOrEqual(2);
      items.push(...(body[field] ?? []));
      token = body.nextPageToken;
    } while (token);
    expect(items).toEqual(whole[field]);
  });

  test.each(
    listings.flatMap(([path]) =>
      ["pageSize=-1", "pageSize=x", "pageToken=x", `pageToken=${"a".repeat(2000)}`].map(
        (query) => [path, query] as const,
      ),
    ),
  )("of %s refuses %s", async (path, query) => {
    expect(await world.owner(`GET ${path}?${query}`)).toMatchObject({
      status: 400,
      body: { error: { status: "INVALID_ARGUMENT" } },
    });
  });

  test.each(listings)("of %s gives as many as there may be where more are asked for", async (path, field) => {
    expect((await world.owner(`GET ${path}?pageSize=999999`)).body[field].length).toBeGreaterThanOrEqual(3);
  });
});

describe("the fields that are asked for", () => {
  test.each([
    ["projectId", { projectId: "shop" }],
    ["projectId,name", { projectId: "shop", name: "shop" }],
    ["nothing", {}],
    ["projectId/below", { projectId: "shop" }],
    ["", undefined],
    ["*", undefined],
  ])("of a project: %s", async (fields, expected) => {
    const whole = (await world.owner("GET /v1/projects/shop")).body;
    const { status, body } = await world.owner(`GET /v1/projects/shop?fields=${encodeURIComponent(fields)}`);
    expect({ status, body }).toEqual({ status: 200, body: expected ?? whole });
  });

  test.each([
    ["accounts(email),nextPageToken", ["email"]],
    ["accounts/email", ["email"]],
    ["accounts(email,projectId)", ["email", "projectId"]],
    ["accounts/email,accounts/projectId", ["email", "projectId"]],
    ["*/email", ["email"]],
  ])("of a listing: %s", async (fields, names) => {
    const path = `/v1/projects/shop/serviceAccounts?fields=${encodeURIComponent(fields)}`;
    const { accounts } = (await world.owner(`GET ${path}`)).body;
    expect(accounts).toHaveLength(3);
    for (const account of accounts) expect(Object.keys(account).sort()).toEqual(names);
  });

  test.each([
    "(",
    "a(",
    "a(b",
    "a)",
    "a,,b",
    "a b",
    "a//b",
    ",",
    "a".repeat(2000),
    "a(".repeat(50),
    "__proto__(",
    "a/".repeat(50),
  ])("that are none are refused: %p", async (fields) => {
    expect((await world.owner(`GET /v1/projects/shop?fields=${encodeURIComponent(fields)}`)).status).toBe(400);
  });
});

describe("the mask of an update", () => {
  const account = "/v1/projects/shop/serviceAccounts/robot-a@shop.iam.waybill.internal";
  test.each([
    ["displayName", { displayName: "A", description: "B" }, 200, { displayName: "A" }],
    ["display_name,description", { displayName: "C", description: "D" }, 200, { displayName: "C", description: "D" }],
    ["description", {}, 200, { displayName: "C" }],
    ["email", { email: "x@example.com" }, 400, undefined],
    ["displayName,disabled", { displayName: "E" }, 400, undefined],
  ])("%s", async (updateMask, serviceAccount, status, expected) => {
    const { body, ...answer } = await world.owner(`PATCH ${account}`, { serviceAccount, updateMask });
    expect(answer.status).toBe(status);
    if (expected) expect(body).toMatchObject(expected);
  });
});

describe("an error", () => {
  type Case = readonly [what: string, line: string, status: number, code: string, reason: string, domain: string];
  const [manager, iam, credentials, registry] = [
    "cloudresourcemanager",
    "iam",
    "iamcredentials",
    "artifactregistry",
  ].map((service) => `${service}.googleapis.com`) as [string, string, string, string];
  const account = "/v1/projects/-/serviceAccounts/robot-a@shop.iam.waybill.internal";
  const cases: readonly Case[] = [
    ["a project that is not there", "GET /v1/projects/nothing", 404, "NOT_FOUND", "RESOURCE_NOT_FOUND", manager],
    ["a method that is not there", "GET /v1/nothing", 404, "NOT_FOUND", "RESOURCE_NOT_FOUND", manager],
    [
      "an account that is not there",
      "GET /v1/projects/shop/serviceAccounts/x",
      404,
      "NOT_FOUND",
      "RESOURCE_NOT_FOUND",
      iam,
    ],
    ["an image that is not there", `GET ${repository}/packages/x`, 404, "NOT_FOUND", "RESOURCE_NOT_FOUND", registry],
    ["a parameter that is not there", "GET /v1/roles?x=1", 400, "INVALID_ARGUMENT", "INVALID_REQUEST", iam],
    [
      "a token of no scope",
      `POST ${account}:generateAccessToken`,
      400,
      "INVALID_ARGUMENT",
      "INVALID_REQUEST",
      credentials,
    ],
  ];

  test.each([...cases])("%s: %s", async (_what, line, status, code, reason, domain) => {
    const { body, ...answer } = await world.owner(line, line.startsWith("POST") ? {} : undefined);
    expect(answer.status).toBe(status);
    expect(body.error).toMatchObject({ code: status, status: code, message: expect.stringMatching(/./) });
    const info = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain };
    expect(body.error.details).toContainEqual(expect.objectContaining(info));
  });

  test("of a credential says what is the matter with it", async () => {
    const reasonOf = async (headers: Record<string, string>) => {
      const answer = (await (await world.server.fetch("/v1/projects/shop", { headers })).json()) as {
        error: { details: { reason?: string; domain?: string }[] };
      };
      return answer.error.details.map(({ reason, domain }) => `${domain} ${reason}`);
    };
    const { account, key } = await world.member([], [scope.cloudPlatform]);
    const token = world.server.accessToken(account, key);
    expect(await reasonOf({})).toEqual(["googleapis.com CREDENTIALS_MISSING"]);
    expect(await reasonOf({ authorization: "Bearer x" })).toEqual(["googleapis.com ACCESS_TOKEN_TYPE_UNSUPPORTED"]);
    expect(await reasonOf({ authorization: `Bearer ${token}` })).toEqual(["iam.googleapis.com IAM_PERMISSION_DENIED"]);
    world.server.clock.now += 7200_000;
    expect(await reasonOf({ authorization: `Bearer ${token}` })).toEqual(["googleapis.com ACCESS_TOKEN_EXPIRED"]);
    world.server.clock.now -= 7200_000;
  });
});
