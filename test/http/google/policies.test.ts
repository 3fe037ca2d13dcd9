import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pushImage, smallImage } from "../../registry/small-image.ts";
import { startWorld, type World } from "./exchange.ts";

let world: World;
let robot: string;
const places = {
  project: "/v1/projects/shop",
  location: "/v1/projects/shop/locations/default",
  repository: "/v1/projects/shop/locations/default/repositories/team%2Fapp",
};

beforeAll(async () => {
  world = await startWorld();
  const { server, shop } = world;
  const pusher = await server.account(shop, "robot", [[`project/${shop.id}`, "roles/storage.admin"]]);
  robot = `serviceAccount:${pusher.account.email}`;
  await pushImage(server, "shop/team/app", "latest", smallImage("a"), server.accessToken(pusher.account, pusher.key));
});
afterAll(() => world.server.close());

describe.each(Object.entries(places))("the policy of a %s", (_, path) => {
  const get = async () => (await world.owner(`POST ${path}:getIamPolicy`, {})).body;
  const set = (policy: unknown, more: object = {}) => world.owner(`POST ${path}:setIamPolicy`, { policy, ...more });

  test("is read and written as gcloud does, the etag in either alphabet of base64", async () => {
    for (let round = 0; round < 20; round++) {
      const { etag, bindings } = (await world.owner(`POST ${path}:getIamPolicy?options.requestedPolicyVersion=3`)).body;
      const grown = [
        ...(round === 0 ? [] : bindings),
        { role: "roles/viewer", members: [robot, "user:a@example.com"] },
      ];
      const urlSafe = etag.replaceAll("+", "-").replaceAll("/", "_");
      const { status, body } = await set(
        { bindings: grown, etag: urlSafe, version: 3 },
        { updateMask: "bindings,etag" },
      );
      expect(status).toBe(200);
      expect(body.bindings).toContainEqual({ role: "roles/viewer", members: [robot, "user:a@example.com"] });
      expect(body).toEqual(await get());
    }
  });

  test("is changed by one of several at once; the others are told to read it again", async () => {
    const { etag } = await get();
    const members = [[robot], ["allUsers"], ["allAuthenticatedUsers"]];
    const answers = await Promise.all(
      members.map((each) => set({ etag, bindings: [{ role: "roles/artifactregistry.reader", members: each }] })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
    expect(answers.find(({ status }) => status === 409)?.body.error.status).toBe("ABORTED");
    const winner = answers.find(({ status }) => status === 200);
    expect((await get()).bindings).toEqual(winner?.body.bindings);
  });

  test.each([
    ["an unknown role", [{ role: "roles/god", members: ["allUsers"] }]],
    ["an unknown member", [{ role: "roles/viewer", members: ["nobody@example.com"] }]],
    [
      "an account that does not exist",
      [{ role: "roles/viewer", members: ["serviceAccount:x@shop.iam.waybill.internal"] }],
    ],
    ["an owner who is everybody", [{ role: "roles/owner", members: ["allUsers"] }]],
    ["everybody who logs in as viewer of the project", [{ role: "roles/viewer", members: ["allAuthenticatedUsers"] }]],
    [
      "a condition",
      [{ role: "roles/artifactregistry.reader", members: ["allUsers"], condition: { expression: "false" } }],
    ],
    ["an unknown field", [{ role: "roles/artifactregistry.reader", members: ["allUsers"], deny: true }]],
    ["members that are no list", [{ role: "roles/viewer", members: "allUsers" }]],
  ])("is not set with %s", async (_name, bindings) => {
    const before = await get();
    expect(await set({ bindings })).toMatchObject({ status: 400, body: { error: { status: "INVALID_ARGUMENT" } } });
    expect(await get()).toEqual(before);
  });

  test("is not set with conditions in an old version, audit settings lost, or a mask of other fields", async () => {
    const { body } = await set({
      bindings: [{ role: "roles/viewer", members: [], condition: { expression: "true" } }],
    });
    expect(body.error.message).toContain("must be 3: the policy has conditions");
    expect((await set({ auditConfigs: [{ service: "allServices" }] })).status).toBe(400);
    expect((await set({}, { updateMask: "auditConfigs" })).status).toBe(400);
    expect((await set({}, { updateMask: "etag" })).status).toBe(400);
    expect((await world.owner(`POST ${path}:setIamPolicy`, {})).status).toBe(400);
  });

  test("is emptied by a policy without bindings", async () => {
    expect((await set({ etag: (await get()).etag, version: 3 })).body.bindings).toEqual([]);
  });
});

describe("roles of buckets", () => {
  const policy = () => ({ bindings: [{ role: "roles/storage.legacyBucketReader", members: [robot] }] });

  test("are granted on a location or a repository, not on a project", async () => {
    expect((await world.owner(`POST ${places.project}:setIamPolicy`, { policy: policy() })).status).toBe(400);
    for (const path of [places.location, places.repository]) {
      expect((await world.owner(`POST ${path}:setIamPolicy`, { policy: policy() })).status).toBe(200);
      expect((await world.owner(`GET ${path}:getIamPolicy`)).body.bindings).toEqual(policy().bindings);
    }
  });
});

describe("what does not exist has no policy", () => {
  test.each([
    "/v1/projects/nothing",
    "/v1/projects/shop/locations/mars",
    "/v1/projects/shop/locations/default/repositories/nothing",
    "/v1/projects/shop/locations/mars/repositories/team%2Fapp",
    "/v1/projects/other/locations/default/repositories/team%2Fapp",
    "/v1/projects/shop/serviceAccounts/nobody@shop.iam.waybill.internal",
  ])("%s", async (path) => {
    const stranger = await world.as([]);
    for (const verb of ["getIamPolicy", "setIamPolicy"]) {
      expect((await world.owner(`POST ${path}:${verb}`, { policy: {} })).status).toBe(404);
      expect((await stranger(`POST ${path}:${verb}`, { policy: {} })).status).toBe(403);
    }
    expect(
      (await stranger(`POST ${path}:testIamPermissions`, { permissions: ["resourcemanager.projects.get"] })).body,
    ).toEqual({});
  });
});

describe(":testIamPermissions", () => {
  test("answers what the caller has, of what was asked", async () => {
    const viewer = await world.as([[`project/${world.shop.id}`, "roles/viewer"]]);
    const asked = ["resourcemanager.projects.get", "resourcemanager.projects.delete", "storage.buckets.get", "*"];
    const { body } = await viewer(`POST ${places.project}:testIamPermissions`, { permissions: asked });
    expect(body).toEqual({ permissions: ["resourcemanager.projects.get"] });
  });
});

describe("a binding of a deleted account", () => {
  test("is shown as such, can be written back, and gives a namesake nothing", async () => {
    const { server, shop, owner } = world;
    const before = await server.account(shop, "reborn", [[`project/${shop.id}`, "roles/owner"]]);
    await owner(`DELETE /v1/projects/-/serviceAccounts/${before.account.email}`);
    const after = await server.account(shop, "reborn", []);
    const { body: policy } = await owner(`POST ${places.project}:getIamPolicy`);
    const [owners] = policy.bindings.filter(({ role }: { role: string }) => role === "roles/owner");
    expect(owners.members).toContain(`deleted:serviceAccount:${before.account.email}?uid=${before.account.id}`);
    const { body: again } = await owner(`POST ${places.project}:setIamPolicy`, { policy });
    expect(again.bindings).toEqual(policy.bindings);
    const { status } = await server.fetch("/v1/projects/shop", {
      headers: { authorization: `Bearer ${server.accessToken(after.account, after.key)}` },
    });
    expect(status).toBe(403);
  });
});
