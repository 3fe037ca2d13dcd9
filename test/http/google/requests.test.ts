import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { roles } from "../../../src/access/roles.ts";
import { scope } from "../../../src/identity/scopes.ts";
import { basic, bearer } from "../../server.ts";
import { type Answer, read, startWorld, type World } from "./exchange.ts";

let world: World;
let token: string;
let caller: Awaited<ReturnType<World["member"]>>;
beforeAll(async () => {
  world = await startWorld();
  caller = await world.member([["installation", "roles/owner"]]);
  token = world.server.accessToken(caller.account, caller.key);
});
afterAll(() => world.server.close());

const get = async (headers: Record<string, string>, path = "/v1/projects/shop") =>
  await read(await world.server.fetch(path, { headers }));
const post = async (body: string | ReadableStream, headers: Record<string, string> = {}) => {
  const all = { ...bearer(token), "content-type": "application/json", ...headers };
  return await read(await world.server.fetch("/v1/projects", { method: "POST", headers: all, body }));
};

describe("who may ask at all", () => {
  test("is who brings an access token or a JWT signed with a key", async () => {
    expect((await get(bearer(token))).status).toBe(200);
    expect((await get({ authorization: `bearer ${token}` })).status).toBe(200);
  });

  test.each([
    ["nothing", () => ({})],
    ["an empty user", () => basic("", "")],
    ["an access token as a password", () => basic("oauth2accesstoken", token)],
    ["a key file as a password", () => basic("_json_key", JSON.stringify(caller.key))],
    ["a token that is none", () => bearer("wba_a.b.c")],
    ["a registry's token", () => bearer(registryToken())],
    ["a token that has expired", () => bearer(oldToken())],
  ])("is not who brings %s", async (_, headers) => {
    const { status, body, headers: answered } = await get(headers() as Record<string, string>);
    expect(status).toBe(401);
    expect(answered.get("www-authenticate")).toStartWith("Bearer");
    expect(body.error).toMatchObject({ code: 401, status: "UNAUTHENTICATED" });
    expect(JSON.stringify(body)).not.toContain("shop");
  });

  test("is nobody by a token in the URL", async () => {
    expect((await get({}, `/v1/projects/shop?access_token=${token}`)).status).toBe(401);
    expect((await get(bearer(token), `/v1/projects/shop?access_token=${token}`)).status).toBe(400);
  });

  test("is not everybody, whatever a policy opens to all users", async () => {
    await world.server.grant(`project/${world.other.id}`, "allUsers", "roles/viewer");
    expect((await get({}, "/v1/projects/other")).status).toBe(401);
    const stranger = await world.as([]);
    expect((await stranger("GET /v1/projects/other")).status).toBe(200);
  });

  function claims(expiresInSeconds: number) {
    const iat = Math.floor(world.server.clock.now / 1000);
    return { sub: `serviceAccount:${caller.account.id}`, iat, exp: iat + expiresInSeconds, scope: scope.cloudPlatform };
  }
  const registryToken = () => world.server.tokens.sign("registry", { ...claims(3600), access: [] });
  const oldToken = () => world.server.tokens.sign("access", claims(-1));
});

describe("a refusal", () => {
  test("names identity, permission and resource, and reads the same for what does not exist", async () => {
    const { account, send } = await world.member([]);
    const { status, body } = await send("GET /v1/projects/shop");
    expect(status).toBe(403);
    const message = (project: string) =>
      `serviceAccount:${account.email} does not have the permission "resourcemanager.projects.get" on project ${project} (or it may not exist).`;
    expect(body.error).toEqual({
      code: 403,
      message: message("shop"),
      status: "PERMISSION_DENIED",
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.ErrorInfo",
          reason: "IAM_PERMISSION_DENIED",
          domain: "iam.googleapis.com",
          metadata: {
            permission: "resourcemanager.projects.get",
            resource: "project shop",
            principal: `serviceAccount:${account.email}`,
          },
        },
      ],
    });
    const missing = await send("GET /v1/projects/nope");
    expect(missing).toMatchObject({ status: 403, body: { error: { message: message("nope") } } });
  });

  test("says when only the token is too narrow, and which scope would do", async () => {
    const send = await world.as([["installation", "roles/owner"]], [scope.storageFullControl]);
    const { status, body, headers } = await send("GET /v1/projects/shop");
    expect(status).toBe(403);
    expect(body.error.details[0]).toMatchObject({ reason: "ACCESS_TOKEN_SCOPE_INSUFFICIENT" });
    expect(headers.get("www-authenticate")).toContain(`error="insufficient_scope"`);
  });
});

describe("a path", () => {
  test.each([
    "GET /v1/nothing",
    "PUT /v1/projects/shop",
    "POST /v1/projects/shop:destroy",
    "GET /v1/",
    "POST /v1/projects/shop",
  ])("that means nothing is 404: %s", async (line) => {
    expect(await world.owner(line)).toMatchObject({ status: 404, body: { error: { status: "NOT_FOUND" } } });
  });

  test("that is badly encoded is refused", async () => {
    expect((await world.owner("GET /v1/projects/%ff")).status).toBe(400);
    expect((await world.owner("GET /v1/projects/shop%00")).status).toBe(400);
    expect((await world.owner("GET /v1/projects/shop%2F..%2Fother")).status).toBe(404);
  });
});

describe("a body", () => {
  const megabytes = (count: number) => JSON.stringify({ projectId: "big", name: "x".repeat(count * 1024 * 1024) });
  function stream(text: string): ReadableStream<Uint8Array> {
    return new ReadableStream({
      start(controller) {
        for (let at = 0; at < text.length; at += 65536) controller.enqueue(Buffer.from(text.slice(at, at + 65536)));
        controller.close();
      },
    });
  }

  test.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["a text", `"x"`],
    ["nothing", ""],
    ["null", "null"],
    ["a form", "projectId=x"],
    ["a text with a NUL in it", '{"projectId":"nul","name":"a\\u0000b"}'],
    ["too large", megabytes(2)],
  ])("that is %s is refused", async (_, body) => {
    expect(await post(body)).toMatchObject({ status: 400, body: { error: { status: "INVALID_ARGUMENT" } } });
  });

  test("that is too large is refused without a Content-Length too", async () => {
    expect((await post(stream(megabytes(2)))).status).toBe(400);
  });

  test("is JSON by its content type", async () => {
    const body = JSON.stringify({ projectId: "typed" });
    expect((await post(body, { "content-type": "text/plain" })).status).toBe(400);
    expect((await post(body, { "content-type": "application/json; charset=UTF-8" })).status).toBe(200);
  });

  test("of somebody who may not is not even read", async () => {
    const stranger = await world.as([]);
    expect((await stranger("POST /v1/projects", { nonsense: true })).status).toBe(403);
  });

  test("names the field that is wrong", async () => {
    const { body } = await post(JSON.stringify({ projectId: 7 }));
    expect(body.error.details).toEqual([
      expect.objectContaining({ reason: "INVALID_REQUEST" }),
      {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        fieldViolations: [{ field: "projectId", description: expect.any(String) }],
      },
    ]);
  });
});

describe("roles", () => {
  test("are listed to whoever is logged in", async () => {
    const stranger = await world.as([]);
    const { body } = await stranger("GET /v1/roles?alt=json&pageSize=100&showDeleted=False");
    expect(body.roles).toContainEqual({ name: "roles/viewer", title: "Viewer", stage: "GA" });
    const one = await stranger("GET /v1/roles/storage.objectViewer");
    expect(one.body.includedPermissions).toContain("artifactregistry.repositories.downloadArtifacts");
    expect((await stranger("GET /v1/roles/made.up")).status).toBe(404);
  });

  test("are listed page by page", async () => {
    const names: string[] = [];
    for (let token: string | undefined = ""; token !== undefined; ) {
      const page: Answer["body"] = (await world.owner(`GET /v1/roles?pageSize=10&pageToken=${token}`)).body;
      expect(page.roles.length).toBeLessThanOrEqual(10);
      names.push(...page.roles.map(({ name }: { name: string }) => name));
      token = page.nextPageToken;
    }
    expect(names.sort()).toEqual([...roles.keys()].sort());
  });
});

describe("Google's services", () => {
  test("have nothing to enable, which gcloud asks for by itself after it made a project", async () => {
    const path = "POST /v1/projects/shop/services";
    expect((await world.owner(`${path}/cloudapis.googleapis.com:enable`, {})).body).toMatchObject({ done: true });
    expect((await world.owner(`${path}/compute.googleapis.com:enable`, {})).status).toBe(404);
  });
});

test("nothing of all this went to the log", () => expect(world.server.logged).toEqual([]));
