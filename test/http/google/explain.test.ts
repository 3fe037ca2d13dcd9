import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pushImage, smallImage } from "../../registry/small-image.ts";
import { bearer } from "../../server.ts";
import { type Send, sender, startWorld, type World } from "./exchange.ts";

let world: World;
let member: string;
let memberSend: Send;
let headers: Record<string, string>;
const pull = "artifactregistry.repositories.downloadArtifacts";
const app = "projects/shop/locations/default/repositories/team/app";
const project = "/v1/projects/shop";
const attachment = "/v2/policies/cloudresourcemanager.googleapis.com%2Fprojects%2Fshop/denypolicies";

beforeAll(async () => {
  world = await startWorld();
  const { server, shop } = world;
  const pusher = await server.account(shop, "pusher", [[`project/${shop.id}`, "roles/owner"]]);
  await pushImage(server, "shop/team/app", "latest", smallImage("a"), server.accessToken(pusher.account, pusher.key));
  const { account, key, send } = await world.member([]);
  member = `serviceAccount:${account.email}`;
  memberSend = send;
  headers = bearer(server.accessToken(account, key));
});
afterAll(() => world.server.close());

async function ask(send: Send, fullResourceName: string, permission = pull, principal = member, more: object = {}) {
  const { status, body } = await send("POST /v1/iam:troubleshoot", {
    accessTuple: { principal, fullResourceName, permission, ...more },
  });
  return { status, ...body };
}

async function setPolicy(path: string, bindings: object[]) {
  expect((await world.owner(`POST ${path}:setIamPolicy`, { policy: { version: 3, bindings } })).status).toBe(200);
}

const explained = (answer: { explainedPolicies?: { bindingExplanations: object[] }[] }) =>
  answer.explainedPolicies?.[0]?.bindingExplanations ?? [];

describe("an explanation says", () => {
  test("that nothing grants it, and the shortest command that would", async () => {
    const answer = await ask(world.owner, app);
    expect(answer).toMatchObject({ status: 200, access: "NOT_GRANTED" });
    expect(answer.summary).toContain("no binding gives it");
    expect(answer.advice).toEqual({
      role: "roles/artifactregistry.reader",
      command: `waybill projects add-iam-policy-binding shop --location=default --repository=team/app --member=${member} --role=roles/artifactregistry.reader`,
    });
  });

  test("by which binding, role and group, and on what", async () => {
    const group = (await world.owner("POST /v1/groups", { groupKey: { id: "team@example.com" } })).body.response.name;
    await world.owner(`POST /v1/${group}/memberships`, { preferredMemberKey: { id: member } });
    await setPolicy(`${project}/locations/default/prefixes/team`, [
      { role: "roles/artifactregistry.reader", members: ["group:team@example.com"] },
    ]);
    const answer = await ask(world.owner, "shop/team/app:latest");
    expect(answer).toMatchObject({ access: "GRANTED", resource: "shop/team/app" });
    expect(answer.summary).toContain(
      "roles/artifactregistry.reader is granted to group:team@example.com on the repositories below team/",
    );
    expect(explained(answer)).toMatchObject([{ bearing: "granted", member: "group:team@example.com" }]);
    expect((await ask(world.owner, app, "artifactregistry.tags.delete")).summary).toContain(
      "that role does not contain it",
    );
    await setPolicy(`${project}/locations/default/prefixes/team`, []);
  });

  test("which condition does not hold, and which role is out of force", async () => {
    const condition = { title: "over", expression: 'request.time < timestamp("2020-01-01T00:00:00Z")' };
    await setPolicy(project, [{ role: "roles/artifactregistry.reader", members: [member], condition }]);
    const answer = await ask(world.owner, app);
    expect(answer.summary).toContain(`its condition does not hold (${condition.expression})`);
    expect(explained(answer)).toMatchObject([{ bearing: "condition", condition }]);
    const role = { roleId: "puller", role: { includedPermissions: [pull], stage: "GA" } };
    await world.owner(`POST ${project}/roles`, role);
    await setPolicy(project, [{ role: "projects/shop/roles/puller", members: [member] }]);
    expect((await ask(world.owner, app)).access).toBe("GRANTED");
    await world.owner(`DELETE ${project}/roles/puller`);
    expect((await ask(world.owner, app)).summary).toContain("that role is deleted, disabled or unknown");
  });

  test("which deny rule is in the way, and then no command", async () => {
    await setPolicy(project, [{ role: "roles/viewer", members: [member] }]);
    const rules = [{ denyRule: { deniedPrincipals: [member], deniedPermissions: [pull] } }];
    await world.owner(`POST ${attachment}?policyId=no-pulls`, { rules });
    const answer = await ask(world.owner, app);
    expect(answer).toMatchObject({ access: "NOT_GRANTED", deniedBy: "the deny policy no-pulls on project shop" });
    expect(answer.advice).toBeUndefined();
    await world.owner(`DELETE ${attachment}/no-pulls`);
  });

  test("which constraint takes everybody's grants away", async () => {
    await setPolicy(project, [{ role: "roles/artifactregistry.reader", members: ["allUsers"] }]);
    expect((await ask(world.owner, app, pull, "allUsers")).access).toBe("GRANTED");
    const policy = { constraint: "storage.publicAccessPrevention", booleanPolicy: { enforced: true } };
    await world.owner(`POST ${project}:setOrgPolicy`, { policy });
    expect((await ask(world.owner, app, pull, "allUsers")).summary).toContain("storage.publicAccessPrevention");
    await world.owner(`POST ${project}:clearOrgPolicy`, { constraint: "storage.publicAccessPrevention" });
    await setPolicy(project, []);
  });

  test("that a disabled account has nothing of what it is granted", async () => {
    const { server, shop } = world;
    const { account } = await server.account(shop, "resting", [[`project/${shop.id}`, "roles/viewer"]]);
    const resting = `serviceAccount:${account.email}`;
    expect((await ask(world.owner, app, pull, resting)).access).toBe("GRANTED");
    await world.owner(`POST /v1/projects/-/serviceAccounts/${account.email}:disable`, {});
    const answer = await ask(world.owner, app, pull, resting);
    expect([answer.access, answer.summary]).toEqual(["NOT_GRANTED", expect.stringContaining("is disabled or deleted")]);
  });

  test.each([
    [
      "a project",
      "//cloudresourcemanager.googleapis.com/projects/shop",
      "resourcemanager.projects.get",
      "projects add-iam-policy-binding shop --member",
    ],
    [
      "an account",
      "projects/shop/serviceAccounts/pusher@shop.iam.waybill.internal",
      "iam.serviceAccounts.getAccessToken",
      "iam service-accounts add-iam-policy-binding pusher@shop",
    ],
    ["a location", "projects/shop/locations/default", pull, "shop --location=default --member"],
    ["a prefix", "projects/shop/locations/default/prefixes/team", pull, "--prefix=team --member"],
    ["an image with a host", "localhost:5000/shop/team/app@sha256:ab", pull, "--repository=team/app"],
    [
      "an image that is not there yet",
      "shop/new",
      "artifactregistry.repositories.uploadArtifacts",
      "add-iam-policy-binding shop --member",
    ],
  ])("what would let somebody reach %s", async (_what, resource, permission, command) => {
    expect((await ask(world.owner, resource, permission)).advice.command).toContain(command);
  });

  test("what only the server's own policy gives, without a command", async () => {
    const answer = await ask(world.owner, "organizations/1", "resourcemanager.projects.create");
    expect([answer.access, answer.advice]).toEqual(["NOT_GRANTED", undefined]);
  });
});

describe("the scopes of a token", () => {
  const read = "https://www.googleapis.com/auth/devstorage.read_only";
  const write = "https://www.googleapis.com/auth/devstorage.read_write";
  const push = "artifactregistry.repositories.uploadArtifacts";
  const rows: [string, string, string[] | undefined, "GRANTED" | "NOT_GRANTED", string][] = [
    ["reach", pull, [read], "GRANTED", read],
    ["are short", pull, ["devstorage.read_only"], "GRANTED", read],
    ["do not reach", push, [read], "NOT_GRANTED", write],
    ["are wide", push, ["cloud-platform"], "GRANTED", write],
    ["are none", pull, [], "NOT_GRANTED", read],
    ["mean nothing here", pull, ["https://www.googleapis.com/auth/drive"], "NOT_GRANTED", read],
    ["are not asked about", push, undefined, "GRANTED", write],
  ];
  test.each(rows)("%s", async (_what, permission, scopes, access, requiredScope) => {
    await setPolicy(project, [{ role: "roles/artifactregistry.writer", members: [member] }]);
    const answer = await ask(world.owner, app, permission, member, scopes && { scopes });
    expect(answer).toMatchObject({ status: 200, access, requiredScope });
    expect(answer.summary).toContain("roles/artifactregistry.writer is granted to");
    if (access === "NOT_GRANTED") {
      expect(answer.tokenLimit).toBe("scope");
      expect(answer.summary).toContain(`the token's scopes do not reach it: get one with ${requiredScope}`);
      expect(answer.advice).toBeUndefined();
    }
    await setPolicy(project, []);
  });

  test("are one's own where one asks about oneself, and so is what the token was narrowed to", async () => {
    const { server, shop } = world;
    const { account, key } = await server.account(shop, "narrow", [
      [`project/${shop.id}`, "roles/artifactregistry.writer"],
    ]);
    const narrow = sender(server, server.accessToken(account, key, [read]));
    const own = async (send: Send, permission: string) => await ask(send, app, permission, "");
    expect((await own(narrow, pull)).access).toBe("GRANTED");
    expect(await own(narrow, push)).toMatchObject({ access: "NOT_GRANTED", tokenLimit: "scope" });
    const iat = Math.floor(server.clock.now / 1000);
    const limits = { boundaries: [[{ repository: "shop/other" }]] };
    const claims = { sub: `serviceAccount:${account.id}`, iat, exp: iat + 60, scope: write, key: key.private_key_id };
    const bound = sender(server, server.tokens.sign("access", { ...claims, limits }));
    expect(await own(bound, pull)).toMatchObject({ access: "NOT_GRANTED", tokenLimit: "boundary" });
  });

  test("are not in the way of whom the policies give nothing: the grant comes first", async () => {
    const answer = await ask(world.owner, app, push, member, { scopes: [read] });
    expect([answer.access, answer.tokenLimit, answer.advice?.role]).toEqual([
      "NOT_GRANTED",
      undefined,
      "roles/artifactregistry.writer",
    ]);
  });
});

describe("an outside identity", () => {
  let pool: string;
  beforeAll(async () => {
    const { server, shop } = world;
    await server.workloadIdentity.createPool(shop, "ci-pool", {});
    pool = `//iam.googleapis.com/projects/${shop.id}/locations/global/workloadIdentityPools/ci-pool`;
  });
  const bySubject = () => `principal:${pool}/subject/job`;
  const rows: [string, (pool: string) => string, string | undefined, object, boolean][] = [
    ["by its subject", (pool) => `principal:${pool}/subject/job`, undefined, {}, true],
    ["and not by another's", (pool) => `principal:${pool}/subject/other`, undefined, {}, false],
    ["by being in the pool", (pool) => `principalSet:${pool}/*`, undefined, {}, true],
    [
      "by a group of its token",
      (pool) => `principalSet:${pool}/group/release`,
      undefined,
      { groups: ["release"] },
      true,
    ],
    [
      "and not without that group",
      (pool) => `principalSet:${pool}/group/release`,
      undefined,
      { groups: ["test"] },
      false,
    ],
    [
      "by an attribute of its token",
      (pool) => `principalSet:${pool}/attribute.repository/org/app`,
      undefined,
      { attributes: { repository: "org/app" } },
      true,
    ],
    [
      "and not by another value",
      (pool) => `principalSet:${pool}/attribute.repository/org/app`,
      undefined,
      { attributes: { repository: "org/else" } },
      false,
    ],
    ["as any one of a set", (pool) => `principalSet:${pool}/group/release`, "/group/release", {}, true],
    ["as any one of another set", (pool) => `principalSet:${pool}/group/release`, "/group/test", {}, false],
    ["as any one of a set in a pool that is granted it", (pool) => `principalSet:${pool}/*`, "/group/test", {}, true],
  ];
  test.each(rows)("has what it is granted: %s", async (_how, granted, set, more, has) => {
    await setPolicy(project, [{ role: "roles/artifactregistry.reader", members: [granted(pool)] }]);
    const principal = set === undefined ? bySubject() : `principalSet:${pool}${set}`;
    const answer = await ask(world.owner, app, pull, principal, more);
    expect(answer).toMatchObject({ status: 200, access: has ? "GRANTED" : "NOT_GRANTED" });
    expect(answer.summary).toStartWith(principal);
    if (has) expect(explained(answer)).toMatchObject([{ member: granted(pool), bearing: "granted" }]);
    else expect(answer.advice.command).toContain(`--member=${principal} `);
    await setPolicy(project, []);
  });

  test("of a pool that is not there, or disabled, has nothing", async () => {
    const { server, shop } = world;
    await server.workloadIdentity.createPool(shop, "off-pool", { disabled: true });
    for (const name of ["off-pool", "no-pool"]) {
      const principal = bySubject().replace("ci-pool", name);
      await setPolicy(project, [{ role: "roles/artifactregistry.reader", members: [principal] }]);
      const answer = await ask(world.owner, app, pull, principal);
      expect([answer.access, answer.summary]).toEqual([
        "NOT_GRANTED",
        expect.stringContaining("is disabled or deleted"),
      ]);
    }
    await setPolicy(project, []);
  });

  test("is told as the real token would be decided", async () => {
    const { server, shop } = world;
    await setPolicy(project, [
      { role: "roles/artifactregistry.reader", members: [`principalSet:${pool}/group/release`] },
    ]);
    const row = await server.workloadIdentity.findPool(shop.id, "ci-pool");
    if (!row) throw new Error("no pool");
    const settings = { issuerUri: "https://issuer.example", allowedAudiences: [], jwksJson: undefined };
    const mapping = { attributeMapping: { "google.subject": "assertion.sub" }, attributeCondition: "" };
    const provider = await server.workloadIdentity.createProvider(row, "ci-provider", {}, { ...settings, ...mapping });
    const iat = Math.floor(server.clock.now / 1000);
    for (const groups of [["release"], ["test"]]) {
      const workload = { provider: provider.id, groups, attributes: {} };
      const claims = { sub: bySubject(), iat, exp: iat + 60, scope: "https://www.googleapis.com/auth/cloud-platform" };
      const token = bearer(server.tokens.sign("access", { ...claims, workload }));
      const { status } = await server.fetch("/v2/shop/team/app/manifests/latest", { headers: token });
      const { access } = await ask(world.owner, app, pull, bySubject(), { groups });
      expect(access).toBe(status === 200 ? "GRANTED" : "NOT_GRANTED");
    }
    await setPolicy(project, []);
  });

  test.each([
    ["a set as one", () => bySubject().replace("principal:", "principalSet:"), {}],
    ["one as a set", () => `principal:${pool}/group/release`, {}],
    ["somebody of no pool", () => "principal://iam.googleapis.com/projects/1/what/subject/x", {}],
    ["groups of an account", () => member, { groups: ["x"] }],
    ["attributes of a user", () => "user:ada@example.com", { attributes: { x: "y" } }],
  ])("cannot be asked about: %s", async (_what, principal, more) => {
    expect((await ask(world.owner, app, pull, principal(), more)).status).toBe(400);
  });
});

test("an account that is bound to a workload says so", async () => {
  const { server, shop } = world;
  const { account } = await server.account(shop, "bound", [[`project/${shop.id}`, "roles/viewer"]]);
  const workload = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci-pool/*";
  await server.serviceAccounts.bindTo(account, [workload]);
  const { summary } = await ask(world.owner, app, pull, `serviceAccount:${account.email}`);
  expect(summary).toEndWith(`Only what began with ${workload} may use this account.`);
});

describe("who may know", () => {
  test("everybody whether they may themselves, and nothing of policies", async () => {
    await setPolicy(project, [{ role: "roles/artifactregistry.reader", members: [member] }]);
    const answer = await ask(memberSend, app);
    expect(answer).toMatchObject({ access: "GRANTED", hiddenBindings: 1 });
    expect(answer.summary).toContain("by a policy that you may not read");
    expect(explained(answer)).toEqual([]);
    await setPolicy(project, []);
    const refused = await ask(memberSend, app);
    expect([refused.access, refused.advice, explained(refused)]).toEqual(["NOT_GRANTED", undefined, []]);
  });

  test("nobody of others without the policy; what is missing and what is forbidden answer alike", async () => {
    const texts = [];
    for (const name of ["shop/team/app", "shop/nothing", "nowhere/app"]) {
      const { status, error } = await ask(memberSend, name, pull, "user:somebody@example.com");
      texts.push([status, error.message.replaceAll(name, "X")]);
      const own = await ask(memberSend, name);
      texts.push([own.access, own.summary.replaceAll(name, "X")]);
    }
    expect(texts.slice(2, 4)).toEqual(texts.slice(0, 2));
    expect(texts.slice(4)).toEqual(texts.slice(0, 2));
    expect(texts[0]?.[0]).toBe(403);
  });

  test("a project's owner not what the server's policy says", async () => {
    const { account, send } = await world.member([[`project/${world.shop.id}`, "roles/owner"]]);
    await world.server.grant("installation", `serviceAccount:${account.id}`, "roles/viewer");
    await world.server.grant("installation", "user:1", "roles/owner");
    const onServer = await ask(send, app, pull, `serviceAccount:${account.email}`);
    // Who is a viewer of the server may read its policy.
    expect(explained(onServer)).toHaveLength(2);
    const other = await world.member([[`project/${world.shop.id}`, "roles/owner"]]);
    const hidden = await ask(other.send, app, pull, `serviceAccount:${account.email}`);
    expect(hidden).toMatchObject({ access: "GRANTED", hiddenBindings: 1 });
    expect(explained(hidden)).toHaveLength(1);
  });

  test.each([
    ["an unknown permission", "storage.objects.get", "projects/shop", "user:a@example.com"],
    ["somebody who does not act", pull, "projects/shop", "domain:example.com"],
    ["no resource", pull, "projects/shop/what/ever", "user:a@example.com"],
  ])("%s cannot be asked about", async (_what, permission, resource, principal) => {
    expect((await ask(world.owner, resource, permission, principal)).status).toBe(400);
  });
});

describe("the registry's 403", () => {
  const detail = async (path: string, as: Record<string, string>) => {
    const answer = await world.server.fetch(path, { headers: as });
    const [error] = ((await answer.json()) as { errors: { code: string; detail: object }[] }).errors;
    return { status: answer.status, ...error };
  };

  test("says who, what, where and which limit, and the missing grant to those who may read the policy", async () => {
    expect(await detail("/v2/shop/team/app/manifests/latest", headers)).toMatchObject({
      status: 403,
      code: "DENIED",
      detail: { reason: "policy", permission: pull, resource: "shop/team/app", principal: member },
    });
    expect((await detail("/v2/shop/team/app/manifests/latest", headers)).detail).not.toHaveProperty("grant");
    const { account, key } = await world.member([[`project/${world.shop.id}`, "roles/storage.admin"]]);
    const role = {
      roleId: "policies",
      role: { includedPermissions: ["artifactregistry.repositories.getIamPolicy"], stage: "GA" },
    };
    await world.owner(`POST ${project}/roles`, role);
    const reading = `serviceAccount:${account.email}`;
    await setPolicy(project, [{ role: "projects/shop/roles/policies", members: [reading] }]);
    const asReader = bearer(world.server.accessToken(account, key));
    expect((await detail("/v2/shop/team/app/manifests/latest", asReader)).detail).toMatchObject({
      grant: {
        role: "roles/artifactregistry.reader",
        command: expect.stringContaining("--repository=team/app --member="),
      },
    });
    await setPolicy(project, []);
  });

  test("names the scope that would do", async () => {
    const { account, key } = await world.member([[`project/${world.shop.id}`, "roles/owner"]], []);
    const narrow = bearer(world.server.accessToken(account, key, []));
    expect((await detail("/v2/shop/team/app/manifests/latest", narrow)).detail).toMatchObject({
      reason: "scope",
      scope: "https://www.googleapis.com/auth/devstorage.read_only",
    });
  });
});
