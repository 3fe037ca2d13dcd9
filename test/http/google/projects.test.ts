import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { scope } from "../../../src/identity/scopes.ts";
import { sender, startWorld, type World } from "./exchange.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.server.close());

describe("POST /v1/projects", () => {
  test("makes a project, answered as an operation that is done and can be polled", async () => {
    const { status, body } = await world.owner("POST /v1/projects", { projectId: "books", name: "Books" });
    expect(status).toBe(200);
    const project = {
      projectNumber: expect.stringMatching(/^[0-9]{12}$/),
      projectId: "books",
      lifecycleState: "ACTIVE",
      name: "Books",
      createTime: "2026-11-23T12:00:00.000Z",
    };
    expect(body).toEqual({
      name: `operations/cp.${body.response.projectNumber}`,
      done: true,
      response: { "@type": "type.googleapis.com/google.cloudresourcemanager.v1.Project", ...project },
    });
    expect((await world.owner(`GET /v1/${body.name}`)).body).toEqual(body);
    expect((await world.owner("GET /v1/projects/books")).body).toEqual(project);
    expect((await world.owner(`GET /v1/projects/${body.response.projectNumber}`)).body).toEqual(project);
  });

  test("makes its caller the project's owner", async () => {
    const { account, send } = await world.member([["installation", "roles/owner"]]);
    await send("POST /v1/projects", { projectId: "mine" });
    const { body } = await send("POST /v1/projects/mine:getIamPolicy");
    expect(body.bindings).toEqual([{ role: "roles/owner", members: [`serviceAccount:${account.email}`] }]);
  });

  test("makes the two accounts that a project may start with where it is told to, and else none", async () => {
    const { body } = await world.owner("POST /v1/projects", { projectId: "started", defaultAccounts: true });
    const emails = ["registry", "instance"].map((name) => `${name}@started.iam.waybill.internal`);
    expect(body.response.defaultAccounts).toEqual(emails);
    const { accounts } = (await world.owner("GET /v1/projects/started/serviceAccounts")).body;
    expect(accounts.map(({ email }: { email: string }) => email).sort()).toEqual(emails.toSorted());
    const { bindings } = (await world.owner("POST /v1/projects/started:getIamPolicy")).body;
    const members = emails.map((email) => `serviceAccount:${email}`).sort();
    expect(bindings).toContainEqual({ role: "roles/editor", members });

    await world.owner("POST /v1/projects", { projectId: "plain" });
    expect((await world.owner("GET /v1/projects/plain/serviceAccounts")).body).toEqual({});
    const refused = await world.owner("POST /v1/projects", { projectId: "started", defaultAccounts: true });
    expect(refused.status).toBe(409);
    for (const name of ["started", "plain"]) await world.owner(`DELETE /v1/projects/${name}`);
  });

  test.each([
    ["a name that is taken", { projectId: "shop" }, 409, "ALREADY_EXISTS"],
    ["an upper-case name", { projectId: "Shop" }, 400, "INVALID_ARGUMENT"],
    ["a number", { projectId: "123456" }, 400, "INVALID_ARGUMENT"],
    ["no name", {}, 400, "INVALID_ARGUMENT"],
    ["a name that is no text", { projectId: ["a"] }, 400, "INVALID_ARGUMENT"],
    ["a number of its own", { projectId: "a-shop", projectNumber: "1" }, 400, "INVALID_ARGUMENT"],
    ["a state of its own", { projectId: "a-shop", lifecycleState: "ACTIVE" }, 400, "INVALID_ARGUMENT"],
    ["a parent", { projectId: "a-shop", parent: { type: "organization", id: "1" } }, 400, "INVALID_ARGUMENT"],
  ])("refuses %s", async (_, body, status, code) => {
    expect(await world.owner("POST /v1/projects", body)).toMatchObject({ status, body: { error: { status: code } } });
    expect((await world.owner("GET /v1/projects/a-shop")).status).toBe(404);
  });
});

describe("a domain-scoped project", () => {
  const policy = { bindings: [{ role: "roles/viewer", members: ["domain:example.com"] }] };

  test("is reached with its colon written out or not, also before a verb", async () => {
    await world.owner("POST /v1/projects", { projectId: "example.com:shop" });
    for (const name of ["example.com:shop", "example.com%3Ashop"]) {
      expect((await world.owner(`GET /v1/projects/${name}`)).body.projectId).toBe("example.com:shop");
      expect((await world.owner(`POST /v1/projects/${name}:setIamPolicy`, { policy })).body.bindings).toEqual(
        policy.bindings,
      );
      expect((await world.owner(`POST /v1/projects/${name}:getIamPolicy`)).body.bindings).toEqual(policy.bindings);
    }
    const { body } = await world.owner("POST /v1/projects/example.com:shop/serviceAccounts", { accountId: "robot" });
    expect(body.email).toBe("robot@shop.example.com.iam.waybill.internal");
  });
});

describe("GET /v1/projects", () => {
  const ids = (body: { projects?: { projectId: string }[] }) => body.projects?.map(({ projectId }) => projectId) ?? [];

  test("lists everything to who may see everything, page by page", async () => {
    const all = ids((await world.owner("GET /v1/projects?alt=json&filter=lifecycleState%3AACTIVE&pageSize=500")).body);
    expect(all).toEqual(["books", "example.com:shop", "mine", "other", "shop"]);
    const paged: string[] = [];
    let token = "";
    do {
      const { body } = await world.owner(`GET /v1/projects?pageSize=2${token && `&pageToken=${token}`}`);
      paged.push(...ids(body));
      token = body.nextPageToken ?? "";
    } while (token !== "");
    expect(paged).toEqual(all);
  });

  test("lists to others what their own roles let them see", async () => {
    const { shop, other, as } = world;
    const stranger = await as([]);
    expect((await stranger("GET /v1/projects")).body).toEqual({});
    const viewer = await as([[`project/${shop.id}`, "roles/viewer"]]);
    expect(ids((await viewer("GET /v1/projects")).body)).toEqual(["shop"]);
    const puller = await as([[`project/${other.id}`, "roles/storage.objectViewer"]]);
    expect(ids((await puller("GET /v1/projects")).body)).toEqual([]);
  });

  test("refuses a token that does not reach so far", async () => {
    const viewer = await world.as([[`project/${world.shop.id}`, "roles/viewer"]], [scope.storageFullControl]);
    const { status, body } = await viewer("GET /v1/projects");
    expect(status).toBe(403);
    expect(body.error.details[0].reason).toBe("ACCESS_TOKEN_SCOPE_INSUFFICIENT");
  });

  test.each([
    ["lifecycleState:ACTIVE AND (id=shop)", ["shop"]],
    ["id:s*", ["shop"]],
    ['name:"*hop"', ["example.com:shop", "shop"]],
    ["lifecycleState:DELETE_REQUESTED", []],
  ])("filters by %s", async (filter, expected) => {
    const { body } = await world.owner(`GET /v1/projects?filter=${encodeURIComponent(filter)}`);
    expect(ids(body)).toEqual(expected);
  });

  test.each(["labels.a=b", "id:a OR id:b", "NOT id:a", "constructor:x", "id"])(
    "refuses the filter %s",
    async (filter) => {
      const { status } = await world.owner(`GET /v1/projects?filter=${encodeURIComponent(filter)}`);
      expect(status).toBe(400);
    },
  );

  test.each([
    "pageToken=%00",
    "pageToken=bm9wZQ",
    "pageToken=MToA",
    "pageSize=-1",
    "pageSize=x",
    "access_token=secret",
    "alt=media",
    "x=1",
  ])("refuses ?%s", async (query) => {
    expect((await world.owner(`GET /v1/projects?${query}`)).status).toBe(400);
  });
});

describe("DELETE /v1/projects/{project}", () => {
  test("frees the name, and a later project of that name inherits nothing", async () => {
    const { server, owner } = world;
    const project = await server.project("short-lived");
    const { account, key } = await server.account(project, "robot", [[`project/${project.id}`, "roles/owner"]]);
    const send = sender(server, server.accessToken(account, key));
    expect((await send("GET /v1/projects/short-lived")).status).toBe(200);
    expect(await send("DELETE /v1/projects/short-lived")).toMatchObject({ status: 200, body: {} });
    expect((await send("GET /v1/projects/short-lived")).status).toBe(401);
    expect((await owner("GET /v1/projects/short-lived")).status).toBe(404);
    await owner("POST /v1/projects", { projectId: "short-lived" });
    const { body } = await owner("POST /v1/projects/short-lived:getIamPolicy");
    expect(JSON.stringify(body.bindings)).not.toContain("robot");
  });
});
