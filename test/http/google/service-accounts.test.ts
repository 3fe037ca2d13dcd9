import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { sender, startWorld, type World } from "./exchange.ts";

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.server.close());

const accounts = "/v1/projects/shop/serviceAccounts";
const emailOf = (name: string) => `${name}@shop.iam.waybill.internal`;

async function create(name: string) {
  const { body } = await world.owner(`POST ${accounts}`, {
    accountId: name,
    serviceAccount: { displayName: "A robot" },
  });
  return body as { email: string; uniqueId: string; etag: string };
}

describe("a service account", () => {
  test("is made, found by e-mail, by id and in whatever project, and listed", async () => {
    const { owner } = world;
    const { status, body } = await owner(`POST ${accounts}`, {
      accountId: "robot",
      serviceAccount: { displayName: "Robot", description: "builds" },
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      name: `projects/shop/serviceAccounts/${emailOf("robot")}`,
      projectId: "shop",
      uniqueId: expect.stringMatching(/^[0-9]{21}$/),
      email: emailOf("robot"),
      displayName: "Robot",
      description: "builds",
      etag: expect.any(String),
      oauth2ClientId: body.uniqueId,
    });
    for (const name of [emailOf("robot"), encodeURIComponent(emailOf("robot")), body.uniqueId]) {
      for (const project of ["shop", world.shop.id, "-"]) {
        expect((await owner(`GET /v1/projects/${project}/serviceAccounts/${name}`)).body).toEqual(body);
      }
    }
    expect((await owner(`GET ${accounts}?pageSize=100`)).body).toEqual({ accounts: [body] });
  });

  test("is listed page by page", async () => {
    for (const name of ["page-a", "page-b", "page-c"]) await create(name);
    const first = await world.owner(`GET ${accounts}?pageSize=2`);
    expect(first.body.accounts).toHaveLength(2);
    const second = await world.owner(`GET ${accounts}?pageSize=2&pageToken=${first.body.nextPageToken}`);
    expect(second.body.accounts[0].email > first.body.accounts[1].email).toBe(true);
  });

  test.each([
    ["a name that is taken", { accountId: "robot" }, 409],
    ["a name with an upper-case letter", { accountId: "Robot" }, 400],
    ["an e-mail of its own", { accountId: "mallory", serviceAccount: { email: "owner@other" } }, 400],
    ["an id of its own", { accountId: "mallory", serviceAccount: { uniqueId: "1" } }, 400],
    ["another project", { accountId: "mallory", projectId: "other" }, 400],
    [
      "a display name that is too long",
      { accountId: "mallory", serviceAccount: { displayName: "x".repeat(101) } },
      400,
    ],
    ["a prototype", JSON.parse('{"accountId":"mallory","__proto__":{"isAdmin":true}}'), 400],
  ])("is not made with %s", async (_, body, status) => {
    expect((await world.owner(`POST ${accounts}`, body)).status).toBe(status);
    expect((await world.owner(`GET ${accounts}/${emailOf("mallory")}`)).status).toBe(404);
  });

  test("is disabled and enabled, which its tokens feel at once", async () => {
    const { server, shop, owner } = world;
    const { account, key } = await server.account(shop, "switched", [[`project/${shop.id}`, "roles/viewer"]]);
    const send = sender(server, server.accessToken(account, key));
    expect((await send("GET /v1/projects/shop")).status).toBe(200);
    expect((await owner(`POST ${accounts}/${account.email}:disable`, {})).body).toEqual({});
    expect((await send("GET /v1/projects/shop")).status).toBe(401);
    expect((await owner(`GET ${accounts}/${account.email}`)).body.disabled).toBe(true);
    await owner(`POST ${accounts}/${account.email}:enable`, {});
    expect((await send("GET /v1/projects/shop")).status).toBe(200);
    expect((await owner(`GET ${accounts}/${account.email}`)).body.disabled).toBeUndefined();
  });

  test("is deleted, and a later one of that name is somebody else", async () => {
    const { uniqueId, email } = await create("gone");
    expect((await world.owner(`DELETE ${accounts}/${email}`)).body).toEqual({});
    expect((await world.owner(`GET ${accounts}/${email}`)).status).toBe(404);
    expect((await create("gone")).uniqueId).not.toBe(uniqueId);
  });
});

describe("a service account that does not exist", () => {
  test.each(["shop", "-"])(
    "is missing to who may see its project, and forbidden to others: projects/%s",
    async (project) => {
      const viewer = await world.as([[`project/${world.shop.id}`, "roles/viewer"]]);
      const stranger = await world.as([[`project/${world.other.id}`, "roles/owner"]]);
      const line = `GET /v1/projects/${project}/serviceAccounts/${emailOf("nobody")}`;
      expect(await viewer(line)).toMatchObject({ status: 404, body: { error: { status: "NOT_FOUND" } } });
      expect((await stranger(line)).status).toBe(403);
      expect((await viewer(line.replace(".internal", ".example"))).status).toBe(project === "-" ? 403 : 404);
    },
  );
});

describe("changing a service account", () => {
  test("PATCH changes what the mask names, and nothing else", async () => {
    const { email, uniqueId } = await create("patched");
    const patch = (body: object) => world.owner(`PATCH ${accounts}/${email}`, body);
    const both = { displayName: "New", description: "New" };
    expect((await patch({ serviceAccount: both, updateMask: "description" })).body).toMatchObject({
      displayName: "A robot",
      description: "New",
      uniqueId,
    });
    expect((await patch({ serviceAccount: { displayName: "Newer" } })).body).toMatchObject({
      displayName: "Newer",
      description: "New",
    });
    expect((await patch({ serviceAccount: {}, updateMask: "display_name" })).body.displayName).toBeUndefined();
  });

  test("PUT takes back what GET gave, changed", async () => {
    const { email } = await create("put");
    const { body } = await world.owner(`GET ${accounts}/${email}`);
    const changed = await world.owner(`PUT ${accounts}/${email}`, { ...body, displayName: "Put" });
    expect(changed).toMatchObject({ status: 200, body: { displayName: "Put", email } });
  });

  test.each([
    ["an e-mail", { email: "owner@other.iam.waybill.internal" }],
    ["an id", { uniqueId: "1" }],
    ["a project", { projectId: "other" }],
    ["being disabled", { disabled: true }],
    ["a field that nothing has", { role: "roles/owner" }],
  ])("refuses to change %s", async (_, change) => {
    const { email } = await create(`still-${Math.random().toString(36).slice(2, 8)}`);
    const before = (await world.owner(`GET ${accounts}/${email}`)).body;
    expect((await world.owner(`PUT ${accounts}/${email}`, change)).status).toBe(400);
    expect((await world.owner(`PATCH ${accounts}/${email}`, { serviceAccount: change })).status).toBe(400);
    const masked = { serviceAccount: {}, updateMask: Object.keys(change)[0] };
    expect((await world.owner(`PATCH ${accounts}/${email}`, masked)).status).toBe(400);
    expect((await world.owner(`GET ${accounts}/${email}`)).body).toEqual(before);
  });

  test("with an etag: of several at once one wins, and the others hear of it", async () => {
    const { email, etag } = await create("raced");
    const put = (displayName: string) => world.owner(`PUT ${accounts}/${email}`, { displayName, etag });
    const statuses = (await Promise.all(["a", "b", "c"].map(put))).map(({ status }) => status);
    expect(statuses.sort()).toEqual([200, 409, 409]);
  });
});
