import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startWorld, type World } from "../http/google/exchange.ts";
import { pushImage, smallImage } from "../registry/small-image.ts";
import { basic, bearer } from "../server.ts";

/** Conditions, groups, prefixes, deny rules, constraints and projects' own roles, over the doors that people use. */
let world: World;
const image = smallImage("a");
const reader = "roles/artifactregistry.reader";
const project = "/v1/projects/shop";
const repository = `${project}/locations/default/repositories/team%2Fapp`;
const prefix = `${project}/locations/default/prefixes/team`;
const organization = "/v1/organizations/1";
const attachment = "/v2/policies/cloudresourcemanager.googleapis.com%2Fprojects%2Fshop/denypolicies";

beforeAll(async () => {
  world = await startWorld();
  const { server, shop } = world;
  const pusher = await server.account(shop, "pusher", [[`project/${shop.id}`, "roles/owner"]]);
  const token = server.accessToken(pusher.account, pusher.key);
  for (const name of ["shop/team/app", "shop/team/deep/app", "shop/app", "shop/teams/app"])
    await pushImage(server, name, "latest", image, token);
});
afterAll(() => world.server.close());

/** Somebody who may do nothing yet. */
async function newcomer() {
  const { account, key, send } = await world.member([]);
  const headers = bearer(world.server.accessToken(account, key));
  return {
    member: `serviceAccount:${account.email}`,
    send,
    key,
    headers,
    pull: async (name = "shop/team/app") =>
      (await world.server.fetch(`/v2/${name}/manifests/latest`, { headers })).status,
  };
}

type Condition = { title?: string; expression: string };
type Binding = { role: string; members: string[]; condition?: Condition };

async function grant(path: string, ...added: Binding[]) {
  const { body } = await world.owner(`POST ${path}:getIamPolicy`, { options: { requestedPolicyVersion: 3 } });
  const policy = { ...body, version: 3, bindings: [...body.bindings, ...added] };
  const answer = await world.owner(`POST ${path}:setIamPolicy`, { policy });
  expect(answer.status).toBe(200);
  return answer.body;
}

async function revoke(path: string, member: string) {
  const { body } = await world.owner(`POST ${path}:getIamPolicy`, { options: { requestedPolicyVersion: 3 } });
  const bindings = body.bindings
    .map((each: Binding) => ({ ...each, members: each.members.filter((name) => name !== member) }))
    .filter((each: Binding) => each.members.length > 0);
  expect((await world.owner(`POST ${path}:setIamPolicy`, { policy: { ...body, version: 3, bindings } })).status).toBe(
    200,
  );
}

describe("a condition", () => {
  test("on the time ends a grant by the clock, remembered or not", async () => {
    const { member, pull } = await newcomer();
    const end = new Date(world.server.clock.now + 60_000).toISOString();
    await grant(project, {
      role: reader,
      members: [member],
      condition: { expression: `request.time < timestamp("${end}")` },
    });
    expect([await pull(), await pull()]).toEqual([200, 200]);
    world.server.clock.now += 59_000;
    expect(await pull()).toBe(200);
    world.server.clock.now += 2_000;
    expect(await pull()).toBe(403);
  });

  test("on the resource's name reaches what is named so and nothing else", async () => {
    const { member, pull } = await newcomer();
    const expression = 'resource.name.startsWith("projects/shop/locations/default/repositories/team/")';
    await grant(project, { role: reader, members: [member], condition: { title: "the team's", expression } });
    expect([
      await pull(),
      await pull("shop/team/deep/app"),
      await pull("shop/app"),
      await pull("shop/teams/app"),
    ]).toEqual([200, 200, 403, 403]);
    // Remembered for what it was decided for.
    expect([await pull(), await pull("shop/app")]).toEqual([200, 403]);
  });

  test("on type and service tells an image from its project", async () => {
    const { member, pull, send } = await newcomer();
    const expression =
      'resource.type == "artifactregistry.googleapis.com/Repository" && resource.service.contains("registry")';
    await grant(project, { role: "roles/viewer", members: [member], condition: { expression } });
    expect([await pull(), (await send(`GET ${project}`)).status]).toEqual([200, 403]);
    const asked = ["resourcemanager.projects.get", "artifactregistry.repositories.downloadArtifacts"];
    const held = async (path: string) => (await send(`POST ${path}:testIamPermissions`, { permissions: asked })).body;
    expect(await held(project)).toEqual({});
    expect(await held(repository)).toEqual({ permissions: asked.toReversed() });
  });

  test("on the time ends what somebody does as another account, too", async () => {
    const { server, shop } = world;
    const { account } = await server.account(shop, "borrowed", [[`project/${shop.id}`, reader]]);
    const path = `/v1/projects/-/serviceAccounts/${account.email}`;
    const { member, send } = await newcomer();
    const end = new Date(server.clock.now + 60_000).toISOString();
    const condition = { expression: `request.time < timestamp("${end}")` };
    await grant(path, { role: "roles/iam.serviceAccountTokenCreator", members: [member], condition });
    const scope = ["https://www.googleapis.com/auth/cloud-platform"];
    const { body } = await send(`POST ${path}:generateAccessToken`, { scope });
    const pullAs = async () =>
      (await server.fetch("/v2/shop/app/manifests/latest", { headers: bearer(body.accessToken) })).status;
    server.clock.now += 59_000;
    expect([await pullAs(), await pullAs()]).toEqual([200, 200]);
    server.clock.now += 2_000;
    expect(await pullAs()).toBe(401);
  });

  test("that fails holds for nobody", async () => {
    const { member, pull } = await newcomer();
    await grant(project, {
      role: reader,
      members: [member],
      condition: { expression: "request.time < timestamp(resource.name)" },
    });
    expect(await pull()).toBe(403);
  });

  test("is kept with its title, shown to those who ask for version 3, and never lost by an older writer", async () => {
    const { member } = await newcomer();
    const condition = {
      title: "until then",
      description: "a while",
      expression: "request.time < timestamp('2030-01-01T00:00:00Z')",
    };
    const path = `${project}/locations/default`;
    const written = await grant(path, { role: reader, members: [member], condition });
    expect(written).toMatchObject({ version: 3, bindings: [{ role: reader, members: [member], condition }] });
    const old = (await world.owner(`POST ${path}:getIamPolicy`, {})).body;
    expect(old.version).toBe(1);
    expect(old.bindings[0].role).toMatch(/^roles\/artifactregistry\.reader_withcond_[0-9a-f]{20}$/);
    expect(old.bindings[0].condition).toBeUndefined();
    for (const version of [undefined, 1]) {
      const { status, body } = await world.owner(`POST ${path}:setIamPolicy`, { policy: { version, bindings: [] } });
      expect([status, body.error.message]).toEqual([400, expect.stringContaining("would be lost")]);
    }
    expect((await world.owner(`POST ${path}:setIamPolicy`, { policy: old })).status).toBe(400);
    const cleared = await world.owner(`POST ${path}:setIamPolicy`, {
      policy: { version: 3, bindings: [], etag: written.etag },
    });
    expect([cleared.status, cleared.body.version]).toEqual([200, 1]);
  });

  test.each([
    ["that is no expression", "request.time <", "no CEL expression"],
    ["that reads what is not there", "request.auth.claims == 1", "there is no request.auth"],
    ["that is long", `resource.name == "${"a".repeat(1000)}"`, "1000 characters"],
    ["with a loop", "[1, 2].exists(each, each > 1)", "not taken here"],
    ["that is empty", "", "is empty"],
  ])("%s is refused", async (_what, expression, message) => {
    const policy = { version: 3, bindings: [{ role: reader, members: ["allUsers"], condition: { expression } }] };
    const { status, body } = await world.owner(`POST ${project}:setIamPolicy`, { policy });
    expect([status, body.error.message]).toEqual([400, expect.stringContaining(message)]);
  });
});

describe("a prefix", () => {
  test("has a policy that covers what lies below it", async () => {
    const { member, pull } = await newcomer();
    await grant(prefix, { role: reader, members: [member] });
    expect([
      await pull(),
      await pull("shop/team/deep/app"),
      await pull("shop/app"),
      await pull("shop/teams/app"),
    ]).toEqual([200, 200, 403, 403]);
    await revoke(prefix, member);
    expect(await pull()).toBe(403);
  });
});

describe("a group", () => {
  const groups = "/v1/groups";
  const create = async (id: string) => (await world.owner(`POST ${groups}`, { groupKey: { id } })).body.response.name;
  const add = (group: string, id: string) =>
    world.owner(`POST /v1/${group}/memberships`, { preferredMemberKey: { id }, roles: [{ name: "MEMBER" }] });

  test("gives its members what it was granted, from the next request on, and takes it back as quickly", async () => {
    const { member, pull } = await newcomer();
    const group = await create("readers@example.com");
    const { pull: pullOther } = await newcomer();
    await grant(project, { role: reader, members: ["group:readers@example.com"] });
    expect(await pull()).toBe(403);
    const added = await add(group, member.slice("serviceAccount:".length));
    expect([added.status, added.body.response.type]).toEqual([200, "SERVICE_ACCOUNT"]);
    expect([await pull(), await pullOther()]).toEqual([200, 403]);
    await world.owner(`DELETE /v1/${added.body.response.name}`);
    expect(await pull()).toBe(403);
  });

  test("counts in a group, and nothing of a deleted one comes back with its name", async () => {
    const { member, pull } = await newcomer();
    const [inner, outer] = [await create("inner@example.com"), await create("outer@example.com")];
    await add(inner, member);
    expect((await add(outer, "inner@example.com")).body.response.type).toBe("GROUP");
    await grant(project, { role: reader, members: ["group:outer@example.com"] });
    expect(await pull()).toBe(200);
    expect((await add(inner, "outer@example.com")).body.error.message).toContain("would be in itself");
    await world.owner(`DELETE /v1/${outer}`);
    expect(await pull()).toBe(403);
    await add(await create("outer@example.com"), "inner@example.com");
    expect(await pull()).toBe(403);
    const { body } = await world.owner(`POST ${project}:getIamPolicy`, { options: { requestedPolicyVersion: 3 } });
    const members = body.bindings.flatMap((each: Binding) => each.members);
    expect(members.filter((each: string) => each.startsWith("deleted:group:outer@example.com?uid="))).toHaveLength(1);
  });

  test("that nobody made cannot be named; everybody cannot be a member", async () => {
    const policy = { bindings: [{ role: reader, members: ["group:nothing@example.com"] }] };
    expect((await world.owner(`POST ${prefix}:setIamPolicy`, { policy })).status).toBe(400);
    const group = await create("all@example.com");
    for (const id of ["domain:example.com", "allUsers:x"]) expect((await add(group, id)).status).toBe(400);
  });
});

describe("a deny rule", () => {
  const rule = (more: object) => ({ rules: [{ denyRule: more }] });
  const put = (name: string, policy: object, at = attachment) => world.owner(`POST ${at}?policyId=${name}`, policy);

  test("forbids what was granted, before any grant, and nothing else", async () => {
    const { member, pull, send } = await newcomer();
    await grant(project, { role: "roles/owner", members: [member] });
    expect(await pull()).toBe(200);
    const made = await put(
      "no-pull",
      rule({
        deniedPrincipals: [member],
        deniedPermissions: ["artifactregistry.googleapis.com/repositories.downloadArtifacts"],
      }),
    );
    expect([made.status, made.body.done]).toEqual([200, true]);
    expect([await pull(), (await send(`GET ${project}`)).status]).toEqual([403, 200]);
    const asked = { permissions: ["artifactregistry.repositories.downloadArtifacts", "artifactregistry.tags.list"] };
    expect((await send(`POST ${repository}:testIamPermissions`, asked)).body).toEqual({
      permissions: ["artifactregistry.tags.list"],
    });
    expect((await world.owner(`DELETE ${attachment}/no-pull?etag=AAAA`)).status).toBe(409);
    expect((await world.owner(`DELETE ${attachment}/no-pull`)).status).toBe(200);
    expect(await pull()).toBe(200);
  });

  test("spares its exceptions, also through a group, and is changed as a whole", async () => {
    const { member, pull } = await newcomer();
    await grant(project, { role: reader, members: [member] });
    const group = (await world.owner("POST /v1/groups", { groupKey: { id: "spared@example.com" } })).body.response.name;
    const denied = {
      deniedPrincipals: ["principalSet://goog/public:all"],
      deniedPermissions: ["artifactregistry.repositories.*"],
    };
    await put("mostly", rule({ ...denied, exceptionPrincipals: ["principalSet://goog/group/spared@example.com"] }));
    expect(await pull()).toBe(403);
    await world.owner(`POST /v1/${group}/memberships`, { preferredMemberKey: { id: member } });
    expect(await pull()).toBe(200);
    const { body } = await world.owner(`GET ${attachment}/mostly`);
    expect(body.rules[0].denyRule).toEqual({
      deniedPrincipals: ["allUsers"],
      exceptionPrincipals: ["group:spared@example.com"],
      deniedPermissions: ["artifactregistry.repositories.*"],
    });
    await world.owner(`PUT ${attachment}/mostly`, {
      ...body,
      rules: rule({ ...denied, exceptionPermissions: ["artifactregistry.repositories.downloadArtifacts"] }).rules,
    });
    expect(await (await newcomerWith(reader)).pull()).toBe(200);
    await world.owner(`DELETE ${attachment}/mostly`);
  });

  test("on the server holds in every project; taking one away cannot be denied", async () => {
    const at = attachment.replace("projects%2Fshop", "organizations%2F1");
    const { pull } = await newcomerWith(reader);
    await put("nobody", rule({ deniedPrincipals: ["allUsers"], deniedPermissions: ["*"] }), at);
    expect([await pull(), (await world.owner(`GET ${project}`)).status]).toEqual([403, 403]);
    expect((await world.owner(`DELETE ${at}/nobody`)).status).toBe(200);
    expect([await pull(), (await world.owner(`GET ${project}`)).status]).toEqual([200, 200]);
  });

  test.each([
    ["without permissions", { deniedPrincipals: ["allUsers"] }],
    ["of an unknown permission", { deniedPrincipals: ["allUsers"], deniedPermissions: ["storage.objects.get"] }],
    ["with half a name and a star", { deniedPrincipals: ["allUsers"], deniedPermissions: ["artifactregistry.rep*"] }],
    [
      "with a condition",
      { deniedPrincipals: ["allUsers"], deniedPermissions: ["*"], denialCondition: { expression: "false" } },
    ],
  ])("%s is refused", async (_what, denyRule) => {
    expect((await put("bad", rule(denyRule))).status).toBe(400);
    expect((await world.owner(`GET ${attachment}/bad`)).status).toBe(404);
  });
});

async function newcomerWith(role: string) {
  const person = await newcomer();
  await grant(project, { role, members: [person.member] });
  return person;
}

describe("a constraint", () => {
  const set = (path: string, constraint: string, more: object) =>
    world.owner(`POST ${path}:setOrgPolicy`, { policy: { constraint: `constraints/${constraint}`, ...more } });
  const enforce = (path: string, constraint: string, enforced = true) =>
    set(path, constraint, { booleanPolicy: { enforced } });
  const clear = async (path: string, constraint: string) =>
    expect((await world.owner(`POST ${path}:clearOrgPolicy`, { constraint })).status).toBe(200);

  test("lets no key be made or uploaded, and a project is excepted by its own word", async () => {
    const { server, shop } = world;
    const account = await server.serviceAccounts.create(shop, "keyless", {});
    const keys = `/v1/projects/-/serviceAccounts/${account.email}/keys`;
    const pem = Buffer.from(
      (await server.serviceAccountKeys.list((await server.account(shop, "lender")).account))[0]?.publicKey ?? "",
    ).toString("base64");
    await enforce(organization, "iam.disableServiceAccountKeyCreation");
    await enforce(organization, "iam.disableServiceAccountKeyUpload");
    for (const [path, body] of [
      [keys, {}],
      [`${keys}:upload`, { publicKeyData: pem }],
    ] as const) {
      const { status, body: answer } = await world.owner(`POST ${path}`, body);
      expect([status, answer.error.status]).toEqual([400, "FAILED_PRECONDITION"]);
      expect(answer.error.message).toContain("iam.disableServiceAccountKey");
    }
    await enforce(project, "iam.disableServiceAccountKeyCreation", false);
    expect((await world.owner(`POST ${keys}`, {})).status).toBe(200);
    await clear(project, "iam.disableServiceAccountKeyCreation");
    expect((await world.owner(`POST ${keys}`, {})).status).toBe(400);
    await clear(organization, "iam.disableServiceAccountKeyCreation");
    await clear(organization, "constraints/iam.disableServiceAccountKeyUpload");
    expect((await world.owner(`POST ${keys}:upload`, { publicKeyData: pem })).status).toBe(200);
  });

  test("opens nothing to everybody: not by a new grant, and not by one that is there", async () => {
    const { server } = world;
    const anonymously = async () => (await server.fetch("/v2/shop/app/manifests/latest")).status;
    const { pull } = await newcomer();
    await grant(project, { role: reader, members: ["allUsers", "allAuthenticatedUsers"] });
    expect([await anonymously(), await pull("shop/app")]).toEqual([200, 200]);
    await enforce(organization, "storage.publicAccessPrevention");
    expect([await anonymously(), await pull("shop/app")]).toEqual([401, 403]);
    const { body } = await world.owner(`POST ${repository}:setIamPolicy`, {
      policy: { bindings: [{ role: reader, members: ["allUsers"] }] },
    });
    expect(body.error).toMatchObject({
      status: "FAILED_PRECONDITION",
      message: expect.stringContaining("storage.publicAccessPrevention"),
    });
    // What is there may be written back beside other changes.
    await revoke(project, "allAuthenticatedUsers");
    await enforce(project, "storage.publicAccessPrevention", false);
    expect(await anonymously()).toBe(200);
    await clear(project, "storage.publicAccessPrevention");
    await clear(organization, "storage.publicAccessPrevention");
    expect(await anonymously()).toBe(200);
    await revoke(project, "allUsers");
  });

  test("takes no key as a password, and says what to use", async () => {
    const { server, shop } = world;
    const { key } = await server.account(shop, "password", [[`project/${shop.id}`, reader]]);
    const login = () => server.fetch("/v2/token", { headers: basic("_json_key", JSON.stringify(key)) });
    expect((await login()).status).toBe(200);
    await enforce(project, "iam.noKeyAsPassword");
    const refused = await login();
    expect([refused.status, await refused.text()]).toEqual([
      401,
      expect.stringContaining("waybill auth configure-docker"),
    ]);
    await clear(project, "iam.noKeyAsPassword");
    expect((await login()).status).toBe(200);
  });

  test("shows what is set, and what counts", async () => {
    await enforce(organization, "iam.noKeyAsPassword");
    const get = async (path: string, verb: string) =>
      (await world.owner(`POST ${path}:${verb}`, { constraint: "constraints/iam.noKeyAsPassword" })).body;
    expect(await get(project, "getOrgPolicy")).toEqual({ constraint: "constraints/iam.noKeyAsPassword" });
    expect((await get(project, "getEffectiveOrgPolicy")).booleanPolicy).toEqual({ enforced: true });
    expect((await world.owner(`POST ${project}:listOrgPolicies`, {})).body).toEqual({});
    const { body } = await world.owner(`POST ${organization}:listOrgPolicies`, {});
    expect(body.policies).toMatchObject([{ constraint: "constraints/iam.noKeyAsPassword" }]);
    const stale = { constraint: "iam.noKeyAsPassword", etag: "AAAA", booleanPolicy: { enforced: false } };
    expect((await world.owner(`POST ${organization}:setOrgPolicy`, { policy: stale })).status).toBe(409);
    await clear(organization, "iam.noKeyAsPassword");
    expect((await enforce(project, "compute.vmExternalIpAccess")).status).toBe(400);
  });
});

describe("a project's own role", () => {
  const roles = `${project}/roles`;
  const pulling = {
    title: "Puller",
    includedPermissions: ["artifactregistry.repositories.downloadArtifacts"],
    stage: "GA",
  };

  test("grants what it says, in its project only, and nothing once it is disabled, deleted or narrowed", async () => {
    const { member, pull } = await newcomer();
    expect((await world.owner(`POST ${roles}`, { roleId: "puller", role: pulling })).body).toMatchObject({
      name: "projects/shop/roles/puller",
      ...pulling,
    });
    const role = "projects/shop/roles/puller";
    await grant(repository, { role, members: [member] });
    expect([await pull(), await pull("shop/app")]).toEqual([200, 403]);
    const patch = (body: object, mask: string) => world.owner(`PATCH ${roles}/puller?updateMask=${mask}`, body);
    await patch({ stage: "DISABLED" }, "stage");
    expect(await pull()).toBe(403);
    await patch({ stage: "GA", includedPermissions: ["artifactregistry.tags.list"] }, "stage,includedPermissions");
    expect(await pull()).toBe(403);
    await patch({ includedPermissions: pulling.includedPermissions }, "includedPermissions");
    expect(await pull()).toBe(200);
    expect((await world.owner(`DELETE ${roles}/puller`)).body.deleted).toBe(true);
    expect(await pull()).toBe(403);
    expect((await world.owner(`POST ${roles}`, { roleId: "puller", role: pulling })).status).toBe(409);
    await world.owner(`POST ${roles}/puller:undelete`, {});
    expect(await pull()).toBe(200);
    for (const path of ["/v1/projects/other", organization]) {
      const policy = { bindings: [{ role, members: [member] }] };
      expect((await world.owner(`POST ${path}:setIamPolicy`, { policy })).status).toBe(400);
    }
  });

  test.each([
    ["with an unknown permission", { includedPermissions: ["storage.objects.get"] }],
    ["with what is asked on the whole server", { includedPermissions: ["resourcemanager.projects.create"] }],
    ["that would reach the server's policy", { includedPermissions: ["resourcemanager.organizations.setIamPolicy"] }],
    ["with an unknown field", { permissions: ["*"] }],
  ])("%s is not made", async (_what, role) => {
    expect((await world.owner(`POST ${roles}`, { roleId: "wrong", role })).status).toBe(400);
  });

  test("for more than images is not for everybody", async () => {
    await world.owner(`POST ${roles}`, {
      roleId: "accounts",
      role: { includedPermissions: ["iam.serviceAccounts.list"] },
    });
    const policy = { bindings: [{ role: "projects/shop/roles/accounts", members: ["allUsers"] }] };
    expect((await world.owner(`POST ${prefix}:setIamPolicy`, { policy })).status).toBe(400);
  });

  test("is listed with its permissions where they are asked for", async () => {
    const of = async (query: string) => (await world.owner(`GET ${roles}?${query}`)).body.roles;
    expect(
      (await of("view=FULL")).find(({ name }: { name: string }) => name.endsWith("/puller")).includedPermissions,
    ).toEqual(pulling.includedPermissions);
    expect((await of("view=BASIC"))[0].includedPermissions).toBeUndefined();
    const predefined = (await world.owner("GET /v1/roles?view=FULL")).body.roles;
    expect(predefined.every((role: { includedPermissions: string[] }) => role.includedPermissions.length > 0)).toBe(
      true,
    );
  });
});

describe("a listing shows what a decision would allow", () => {
  const listed = async (headers: Record<string, string>) => {
    const answer = await world.server.fetch("/v2/_catalog", { headers });
    return ((await answer.json()) as { repositories: string[] }).repositories;
  };
  const projectsOf = async ({ send }: Awaited<ReturnType<typeof newcomer>>) =>
    ((await send("GET /v1/projects")).body.projects ?? []).map((each: { projectId: string }) => each.projectId);

  test("below a prefix, by a name's condition, by a group, while a time lasts, and where nothing is denied", async () => {
    const person = await newcomer();
    const { member, headers } = person;
    expect([await listed(headers), await projectsOf(person)]).toEqual([[], []]);
    await grant(prefix, { role: reader, members: [member] });
    expect(await listed(headers)).toEqual(["shop/team/app", "shop/team/deep/app"]);
    const expression = 'resource.name.endsWith("/teams/app") || resource.name == "projects/shop"';
    await grant(project, { role: "roles/viewer", members: [member], condition: { expression } });
    expect(await listed(headers)).toEqual(["shop/team/app", "shop/team/deep/app", "shop/teams/app"]);
    expect(await projectsOf(person)).toEqual(["shop"]);
    await revoke(prefix, member);
    await revoke(project, member);

    const group = (await world.owner("POST /v1/groups", { groupKey: { id: "list@example.com" } })).body.response.name;
    await world.owner(`POST /v1/${group}/memberships`, { preferredMemberKey: { id: member } });
    const end = new Date(world.server.clock.now + 1000).toISOString();
    const condition = { expression: `request.time < timestamp("${end}")` };
    await grant(project, { role: "roles/viewer", members: ["group:list@example.com"], condition });
    const all = ["shop/app", "shop/team/app", "shop/team/deep/app", "shop/teams/app"];
    expect([await listed(headers), await projectsOf(person)]).toEqual([all, ["shop"]]);
    const denied = { deniedPrincipals: [member], deniedPermissions: ["artifactregistry.*"] };
    await world.owner(`POST ${attachment}?policyId=no-list`, { rules: [{ denyRule: denied }] });
    expect([await listed(headers), await projectsOf(person)]).toEqual([[], ["shop"]]);
    await world.owner(`DELETE ${attachment}/no-list`);
    world.server.clock.now += 1500;
    expect([await listed(headers), await projectsOf(person)]).toEqual([[], []]);
  });

  test("of everything but a project where it is denied", async () => {
    const { server } = world;
    const { account, key, send } = await world.member([["installation", "roles/viewer"]]);
    const headers = bearer(server.accessToken(account, key));
    expect(await listed(headers)).toHaveLength(4);
    const member = `serviceAccount:${account.email}`;
    const denied = { deniedPrincipals: [member], deniedPermissions: ["*"] };
    await world.owner(`POST ${attachment}?policyId=not-here`, { rules: [{ denyRule: denied }] });
    expect(await listed(headers)).toEqual([]);
    const { projects } = (await send("GET /v1/projects")).body;
    expect(projects.map((each: { projectId: string }) => each.projectId)).toEqual(["other"]);
    await world.owner(`DELETE ${attachment}/not-here`);
  });
});

/** The last: it lets so much time go by that every other token ends. */
test("a constraint ends a new key after its hours", async () => {
  const { server, shop } = world;
  const set = (hours: string) =>
    world.owner(`POST ${project}:setOrgPolicy`, {
      policy: { constraint: "iam.serviceAccountKeyExpiryHours", listPolicy: { allowedValues: [hours] } },
    });
  await set("24h");
  const { account, key } = await server.account(shop, "short", [[`project/${shop.id}`, reader]]);
  expect((await set("soon")).status).toBe(400);
  const [row] = await server.serviceAccountKeys.list(account);
  expect(row?.expiresAt).toBe(server.clock.now + 24 * 3_600_000);
  const login = async () =>
    (await server.fetch("/v2/token", { headers: basic("_json_key", JSON.stringify(key)) })).status;
  expect(await login()).toBe(200);
  server.clock.now += 25 * 3_600_000;
  expect(await login()).toBe(401);
});

test("nothing went to the log", () => {
  expect(world.server.logged).toEqual([]);
});
