import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { pushImage, smallImage } from "../../registry/small-image.ts";
import { bearer } from "../../server.ts";
import { type Send, startWorld, type World } from "./exchange.ts";

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

async function ask(send: Send, fullResourceName: string, permission = pull, principal = member) {
  const { status, body } = await send("POST /v1/iam:troubleshoot", {
    accessTuple: { principal, fullResourceName, permission },
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
