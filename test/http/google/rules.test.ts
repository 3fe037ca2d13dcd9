import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pushImage, smallImage } from "../../registry/small-image.ts";
import { startWorld, type World } from "./exchange.ts";

const project = "/v1/projects/shop/rules";
const repository = "/v1/projects/shop/locations/default/repositories/team%2Fapp/rules";

let world: World;
beforeAll(async () => {
  world = await startWorld();
  const { server, shop } = world;
  const { account, key } = await server.account(shop, "pusher", [[`project/${shop.id}`, "roles/storage.admin"]]);
  await pushImage(server, "shop/team/app", "v1", smallImage("a"), server.accessToken(account, key));
});
afterAll(() => world.server.close());

const condition = { tagState: "ANY", olderThan: "2592000s" };
const policy = { name: "old", action: { type: "Delete" }, condition };

describe("rules", () => {
  test("of a project and of a repository are set, read back and deleted, each for itself", async () => {
    const { owner } = world;
    expect(await owner(`GET ${project}`)).toMatchObject({ status: 200, body: { etag: "ACAB" } });
    const set = await owner(`PUT ${project}`, { cleanupPolicies: [policy], cleanupPolicyDryRun: true });
    expect(set.body).toEqual({ cleanupPolicies: [policy], cleanupPolicyDryRun: true, etag: expect.any(String) });
    expect((await owner(`GET ${project}`)).body).toEqual(set.body);
    const own = await owner(`PUT ${repository}`, { dockerConfig: { immutableTagPatterns: ["v*"] } });
    expect(own.body.dockerConfig).toEqual({ immutableTagPatterns: ["v*"] });
    expect((await owner(`GET ${project}`)).body).toEqual(set.body);
    expect((await owner(`DELETE ${repository}?etag=${encodeURIComponent(own.body.etag)}`)).status).toBe(200);
    expect((await owner(`GET ${repository}`)).body).toEqual({ etag: "ACAB" });
    expect((await owner("GET /v1/projects/shop/locations/default/repositories/absent/rules")).status).toBe(404);
  });

  test("that were read are what may be set again", async () => {
    const { owner } = world;
    const { body } = await owner(`PUT ${project}`, { cleanupPolicies: [policy] });
    const again = await owner(`PUT ${project}`, body);
    expect(again.status).toBe(200);
    expect(again.body.cleanupPolicies).toEqual([policy]);
  });

  test("that somebody changed meanwhile are not overwritten", async () => {
    const { owner } = world;
    const { etag } = (await owner(`GET ${project}`)).body;
    const changes = Array.from({ length: 5 }, () => owner(`PUT ${project}`, { cleanupPolicies: [policy], etag }));
    const statuses = (await Promise.all(changes)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 409, 409, 409, 409]);
    expect((await owner(`DELETE ${project}?etag=${encodeURIComponent(etag)}`)).status).toBe(409);
  });

  test.each<[string, unknown, unknown]>([
    ["a list as gcloud's files have it", [{ ...policy, condition: { tagState: "any", olderThan: "30d" } }], [policy]],
    [
      "a map as the API has it",
      { old: { id: "old", action: "DELETE", condition: { tagState: "TAG_STATE_UNSPECIFIED", olderThan: "2592000s" } } },
      [policy],
    ],
    ["an action in one word", [{ ...policy, action: "Delete" }], [policy]],
    ["weeks, hours and minutes", [{ ...policy, condition: { olderThan: "720h" } }], [policy]],
    [
      "the newest versions",
      [{ name: "few", action: { type: "Keep" }, mostRecentVersions: { packageNamePrefixes: ["team/"], keepCount: 5 } }],
      [{ name: "few", action: { type: "Keep" }, mostRecentVersions: { packageNamePrefixes: ["team/"], keepCount: 5 } }],
    ],
  ])("may be written as %s", async (_name, given, answered) => {
    const { status, body } = await world.owner(`PUT ${project}`, { cleanupPolicies: given });
    expect({ status, policies: body.cleanupPolicies }).toEqual({ status: 200, policies: answered });
  });

  test.each<[string, unknown, RegExp]>([
    ["an unknown field", { cleanupPolicy: [] }, /cleanupPolicy: there is no such field/],
    ["an unknown condition", { cleanupPolicies: [{ ...policy, condition: { younger: "1d" } }] }, /younger/],
    ["neither condition nor count", { cleanupPolicies: [{ name: "a", action: "Keep" }] }, /either a condition or/],
    [
      "a count that deletes",
      { cleanupPolicies: [{ name: "a", action: "Delete", mostRecentVersions: { keepCount: 1 } }] },
      /Keep/,
    ],
    [
      "a time without a unit",
      { cleanupPolicies: [{ ...policy, condition: { olderThan: "30" } }] },
      /is a time like "30d"/,
    ],
    ["an unknown action", { cleanupPolicies: [{ ...policy, action: "Burn" }] }, /"Keep" or "Delete"/],
    ["two policies of one name", { cleanupPolicies: [policy, policy] }, /a name each/],
    [
      "prefixes of no tags",
      { cleanupPolicies: [{ ...policy, condition: { tagState: "UNTAGGED", tagPrefixes: ["v"] } }] },
      /has no tag/,
    ],
    ["a policy that is nothing", { cleanupPolicies: { a: null } }, /action/],
    ["a policy that is a number", { cleanupPolicies: [5] }, /expected object/],
    ["an action that is nothing", { cleanupPolicies: [{ ...policy, action: null }] }, /"Keep" or "Delete"/],
    ["a pattern that is no tag", { dockerConfig: { immutableTagPatterns: ["v[0-9]"] } }, /is a tag, in which/],
  ])("with %s are refused", async (_name, rules, message) => {
    const { status, body } = await world.owner(`PUT ${project}`, rules);
    expect({ status, message: body.error.message }).toEqual({ status: 400, message: expect.stringMatching(message) });
  });
});

describe("settings of a project", () => {
  test("say what it uses and may use, and whether it is read-only", async () => {
    const { owner } = world;
    const settings = "/v1/projects/shop/projectSettings";
    const { body } = await owner(`GET ${settings}`);
    const name = "projects/shop/projectSettings";
    expect(body).toEqual({ name, readOnly: false, quota: { usedBytes: expect.stringMatching(/^[1-9][0-9]*$/) } });
    const limited = await owner("PATCH /v1/projects/shop/quota", { bytesMax: "10737418240" });
    expect(limited.body).toEqual({ name, readOnly: false, quota: { ...body.quota, bytesMax: "10737418240" } });
    expect((await owner(`PATCH ${settings}`, { readOnly: true })).body).toEqual({ ...limited.body, readOnly: true });
    expect((await owner(`PATCH ${settings}`, { readOnly: false })).body).toEqual(limited.body);
    expect((await owner("PATCH /v1/projects/shop/quota", { bytesMax: null })).body).toEqual(body);
  });

  test.each([{ bytesMax: "-1" }, { bytesMax: "ten" }, { bytesMax: 10 }, {}, { bytesMax: "1", other: 1 }])(
    "are not changed by %j",
    async (body) => expect((await world.owner("PATCH /v1/projects/shop/quota", body)).status).toBe(400),
  );

  test("the quota is not for the project's own owners to set", async () => {
    const send = await world.as([[`project/${world.shop.id}`, "roles/owner"]]);
    const { status, body } = await send("PATCH /v1/projects/shop/quota", { bytesMax: null });
    expect(status).toBe(403);
    expect(body.error.message).toContain("the quota of project shop");
  });
});

describe("POST :cleanUp", () => {
  const cleanUp = "POST /v1/projects/shop:cleanUp";
  test("says what would go, deletes it, and then has nothing left to do", async () => {
    const { owner, server } = world;
    await owner(`PUT ${project}`, { cleanupPolicies: [policy] });
    expect((await owner(cleanUp, { dryRun: true })).body).toEqual({});
    server.clock.now += 31 * 24 * 3600_000;
    const fresh = await world.as([["installation", "roles/owner"]]);
    const version = {
      location: "default",
      image: "team/app",
      digest: smallImage("a").digest,
      tags: ["v1"],
      createTime: "2026-11-23T12:00:00.000Z",
      sizeBytes: expect.stringMatching(/^[0-9]+$/),
      policy: "old",
      alongside: [],
    };
    const dry = await fresh(cleanUp, { dryRun: true });
    expect(dry.body).toEqual({ versions: [{ ...version, deleted: false }] });
    expect((await fresh(cleanUp)).body).toEqual({ versions: [{ ...version, deleted: true }] });
    expect((await fresh(cleanUp)).body).toEqual({});
  });

  test("goes through a project in pages", async () => {
    const send = await world.as([["installation", "roles/owner"]]);
    const first = await send(cleanUp, { dryRun: true, pageSize: 1 });
    expect(first.body).toEqual({ nextPageToken: expect.any(String) });
    expect((await send(cleanUp, { dryRun: true, pageSize: 1, pageToken: first.body.nextPageToken })).body).toEqual({});
  });
});
