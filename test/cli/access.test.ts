import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type AdministeredServer, startAdministeredServer } from "./administered-server.ts";

let server: AdministeredServer;
const robot = "robot@shop.iam.waybill.internal";
const pull = "artifactregistry.repositories.downloadArtifacts";

beforeAll(async () => {
  server = await startAdministeredServer();
  await run("projects create shop");
  await run("iam service-accounts create robot --project=shop");
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

/** Words are split at spaces; `~` in a word stands for one. */
const run = (line: string) => server.waybill(line.split(" ").map((word) => word.replaceAll("~", " ")));

async function ok(line: string): Promise<{ stdout: string; stderr: string }> {
  const outcome = await run(line);
  expect({ line, ...outcome }).toMatchObject({ exitCode: 0 });
  return outcome;
}

const json = async (line: string) => JSON.parse((await ok(`${line} --format=json`)).stdout);

describe("waybill iam explain", () => {
  test("says what is missing and how to grant it; the command does", async () => {
    const line = `iam explain --member=serviceAccount:${robot} --permission=pull --resource=projects/shop`;
    const before = await run(line);
    expect([before.exitCode, before.stdout]).toEqual([1, expect.stringMatching(/^no: .*no binding gives it/)]);
    const [, command = ""] = /^ {4}waybill (.*)$/m.exec(before.stdout) ?? [];
    await ok(command);
    const after = await ok(line);
    expect(after.stdout).toContain(`yes: serviceAccount:${robot} has "${pull}" on project shop`);
    expect(after.stdout).toContain("granted           roles/");
    expect((await json(line)).access).toBe("GRANTED");
    await ok(command.replace("add-iam-policy-binding", "remove-iam-policy-binding"));
    expect((await run(line)).exitCode).toBe(1);
  }, 60_000);

  test("says which scope is missing, and takes groups and attributes of an outside identity", async () => {
    const id = (await json("projects describe shop")).projectNumber;
    const pool = `//iam.googleapis.com/projects/${id}/locations/global/workloadIdentityPools/ci-pool`;
    await ok("iam workload-identity-pools create ci-pool --project=shop");
    const set = `principalSet:${pool}/attribute.repository/org/app`;
    await ok(`projects add-iam-policy-binding shop --member=${set} --role=roles/artifactregistry.writer`);
    const line = `iam explain --member=principal:${pool}/subject/job --permission=push --resource=shop/app`;
    expect((await run(line)).exitCode).toBe(1);
    const told = `${line} --groups=a,b --attributes=repository=org/app,ref=main`;
    expect((await ok(told)).stdout).toContain(
      "A token needs the scope https://www.googleapis.com/auth/devstorage.read_write.",
    );
    const narrow = await run(`${told} --scopes=devstorage.read_only`);
    expect([narrow.exitCode, narrow.stdout]).toEqual([
      1,
      expect.stringContaining("the token's scopes do not reach it"),
    ]);
    expect((await run(`${line} --attributes=repository`)).exitCode).toBe(2);
    await ok(`projects remove-iam-policy-binding shop --member=${set} --role=roles/artifactregistry.writer`);
  }, 60_000);

  test("answers about yourself when nobody is named", async () => {
    expect((await ok("iam explain --permission=push --resource=shop/app")).stdout).toContain(
      "roles/owner is granted to",
    );
    expect((await run("iam explain --permission=push")).exitCode).toBe(2);
  }, 60_000);
});

describe("conditions and prefixes", () => {
  test("are added, shown, and removed by name", async () => {
    const end = '--condition=expression=request.time~<~timestamp("2030-01-01T00:00:00Z"),title=until~then';
    const binding = `shop --member=serviceAccount:${robot} --role=roles/artifactregistry.reader`;
    await ok(`projects add-iam-policy-binding ${binding} ${end}`);
    const { version, bindings } = await json("projects get-iam-policy shop");
    const condition = { expression: 'request.time < timestamp("2030-01-01T00:00:00Z")', title: "until then" };
    expect([version, bindings]).toEqual([3, expect.arrayContaining([expect.objectContaining({ condition })])]);
    expect((await ok("projects get-iam-policy shop")).stdout).toContain("CONDITION");
    const plain = await run(`projects remove-iam-policy-binding ${binding}`);
    expect([plain.exitCode, plain.stderr]).toEqual([
      1,
      expect.stringContaining("--condition='expression=request.time"),
    ]);
    await ok(`projects remove-iam-policy-binding ${binding} ${end}`);
    expect((await json("projects get-iam-policy shop")).version).toBe(1);
    expect((await run(`projects add-iam-policy-binding ${binding} --condition=nonsense`)).exitCode).toBe(2);
  }, 60_000);

  test("a prefix is a place to grant at", async () => {
    const binding = `--member=serviceAccount:${robot} --role=roles/artifactregistry.reader`;
    const added = await ok(`projects add-iam-policy-binding shop --location=default --prefix=team/ ${binding}`);
    expect(added.stderr).toBe("Updated IAM policy for project [shop] at [default] below [team/].\n");
    const explained = await ok(
      `iam explain --member=serviceAccount:${robot} --permission=pull --resource=shop/team/new`,
    );
    expect(explained.stdout).toContain("the repositories below team/");
    expect((await run("projects get-iam-policy shop --prefix=team")).exitCode).toBe(2);
  }, 60_000);
});

test("waybill iam groups makes, fills, shows, empties and deletes one", async () => {
  await ok("iam groups create team@example.com --display-name=Team");
  await ok(`iam groups add-member team@example.com --member=serviceAccount:${robot}`);
  await ok("iam groups add-member team@example.com --member=user:ann@example.com");
  const { stdout } = await ok("iam groups describe team@example.com");
  expect(stdout).toContain(`serviceAccount:${robot}`);
  expect(stdout).toContain("user:ann@example.com");
  expect((await ok("iam groups list")).stdout).toContain("team@example.com  Team");
  await ok("iam groups remove-member team@example.com --member=user:ann@example.com");
  expect((await json("iam groups describe team@example.com")).memberships).toHaveLength(1);
  expect((await run("iam groups remove-member team@example.com --member=user:ann@example.com")).exitCode).toBe(1);
  await ok("iam groups delete team@example.com --quiet");
  expect((await run("iam groups describe team@example.com")).exitCode).toBe(1);
}, 60_000);

test("waybill iam roles makes a project's own role, changes it, deletes it and brings it back", async () => {
  await ok(`iam roles create puller --project=shop --permissions=${pull} --title=Puller --stage=GA`);
  expect((await ok("iam roles list --project=shop")).stdout).toContain("projects/shop/roles/puller  Puller");
  await ok(`iam roles update puller --project=shop --permissions=${pull},artifactregistry.tags.list`);
  const { stdout } = await ok("iam roles describe projects/shop/roles/puller");
  expect(stdout).toBe(`PERMISSION\n${pull}\nartifactregistry.tags.list\n`);
  await ok(`projects add-iam-policy-binding shop --member=serviceAccount:${robot} --role=projects/shop/roles/puller`);
  await ok("iam roles delete puller --project=shop --quiet");
  expect((await run("iam roles list --project=shop")).stdout).toBe("");
  expect((await ok("iam roles list --project=shop --show-deleted")).stdout).toContain("True");
  await ok("iam roles undelete puller --project=shop");
  expect((await run("iam roles update puller --project=shop")).exitCode).toBe(2);
}, 60_000);

test("waybill resource-manager org-policies sets a switch that binds, and takes it back", async () => {
  await ok("resource-manager org-policies set iam.disableServiceAccountKeyCreation true --project=shop");
  const refused = await run(`iam service-accounts keys create ${server.home.path("no.json")} --iam-account=${robot}`);
  expect([refused.exitCode, refused.stderr]).toEqual([1, expect.stringContaining("Key creation is not allowed")]);
  expect((await ok("resource-manager org-policies list --project=shop")).stdout).toMatch(
    /iam\.disableServiceAccountKeyCreation +true/,
  );
  const line = "resource-manager org-policies describe iam.disableServiceAccountKeyCreation";
  expect((await ok(`${line} --project=shop --effective`)).stdout).toContain("true");
  expect((await ok(line)).stdout).toContain("-");
  await ok("resource-manager org-policies set iam.serviceAccountKeyExpiryHours 24h");
  await ok("resource-manager org-policies reset iam.disableServiceAccountKeyCreation --project=shop");
  await ok("resource-manager org-policies reset iam.serviceAccountKeyExpiryHours");
  expect((await run("resource-manager org-policies set iam.nothing true")).exitCode).toBe(1);
}, 60_000);

test("waybill iam deny-policies forbids, and stops forbidding", async () => {
  const file = server.home.write(
    "deny.yaml",
    `rules:\n  - denyRule:\n      deniedPrincipals: [serviceAccount:${robot}]\n      deniedPermissions: [${pull}]\n`,
  );
  await ok(`iam deny-policies set no-pulls ${file} --project=shop`);
  await ok(`iam deny-policies set no-pulls ${file} --project=shop`);
  const line = `iam explain --member=serviceAccount:${robot} --permission=pull --resource=projects/shop`;
  expect((await run(line)).stdout).toContain("the deny policy no-pulls on project shop");
  expect((await ok("iam deny-policies describe no-pulls --project=shop")).stdout).toContain(robot);
  expect((await ok("iam deny-policies list --project=shop")).stdout).toContain("no-pulls");
  await ok("iam deny-policies delete no-pulls --project=shop --quiet");
  expect((await run(line)).stdout).not.toContain("deny policy");
  expect((await run("iam deny-policies list")).stderr).toBe("Listed 0 items.\n");
}, 60_000);
