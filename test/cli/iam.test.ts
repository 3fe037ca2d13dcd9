import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { keyPair } from "../helper/home.ts";
import { type AdministeredServer, startAdministeredServer } from "./administered-server.ts";

let server: AdministeredServer;
beforeAll(async () => {
  server = await startAdministeredServer();
  await run("projects create shop");
}, 30_000);
afterAll(() => server[Symbol.asyncDispose]());

const run = (line: string, env?: Record<string, string>) => server.waybill(line.split(" "), env);
const emailOf = (name: string) => `${name}@shop.iam.waybill.internal`;
const done = { exitCode: 0, stdout: "" };

async function makeAccount(name: string): Promise<string> {
  expect((await run(`iam service-accounts create ${name} --project=shop`)).exitCode).toBe(0);
  return emailOf(name);
}

describe("waybill iam service-accounts", () => {
  test("create, list, describe, disable, enable and delete", async () => {
    const created = await run("iam service-accounts create robot --project=shop --display-name=Robot");
    expect(created).toEqual({ ...done, stderr: "Created service account [robot].\n" });
    const email = emailOf("robot");
    const { stdout } = await run(`iam service-accounts describe ${email} --format=json`);
    const account = JSON.parse(stdout);
    expect(account).toMatchObject({ email, projectId: "shop", displayName: "Robot" });
    expect(JSON.parse((await run("iam service-accounts list --project=shop --format=json")).stdout)).toEqual([account]);
    const updated = await run(`iam service-accounts update ${email} --description=Packs`);
    expect(updated).toEqual({ ...done, stderr: `Updated service account [${email}].\n` });
    const again = JSON.parse((await run(`iam service-accounts describe ${email} --format=json`)).stdout);
    expect(again).toMatchObject({ displayName: "Robot", description: "Packs" });
    expect((await run(`iam service-accounts update ${email}`)).exitCode).toBe(2);
    const steps = [
      [`iam service-accounts disable ${email}`, `Disabled service account [${email}].\n`, "True"],
      [`iam service-accounts enable ${email}`, `Enabled service account [${email}].\n`, "False"],
    ] as const;
    for (const [line, stderr, disabled] of steps) {
      expect(await run(line)).toEqual({ ...done, stderr });
      const list = await run("iam service-accounts list --project=shop");
      expect(list.stdout).toBe(
        `DISPLAY NAME  EMAIL${" ".repeat(email.length - 5)}  DISABLED\nRobot         ${email}  ${disabled}\n`,
      );
    }
    const deleted = await run(`iam service-accounts delete ${email} --quiet`);
    expect(deleted).toEqual({ ...done, stderr: `deleted service account [${email}]\n` });
    expect((await run("iam service-accounts list --project=shop")).stderr).toBe("Listed 0 items.\n");
  });

  test("an account is bound to workloads, and free again", async () => {
    const email = await makeAccount("bound");
    const workload = "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci-pool/*";
    const bound = await run(`iam service-accounts bind-workloads ${email} --workload=${workload}`);
    expect(bound).toEqual({ ...done, stderr: `Service account [${email}] is used by these workloads only.\n` });
    const described = async () =>
      JSON.parse((await run(`iam service-accounts describe ${email} --format=json`)).stdout);
    expect((await described()).boundWorkloads).toEqual([workload]);
    const free = await run(`iam service-accounts bind-workloads ${email} --clear`);
    expect(free).toEqual({
      ...done,
      stderr: `Service account [${email}] may be used by everybody who may become it.\n`,
    });
    expect((await described()).boundWorkloads).toBeUndefined();
    for (const line of ["", " --clear --workload=x"])
      expect((await run(`iam service-accounts bind-workloads ${email}${line}`)).exitCode).toBe(2);
    expect((await run(`iam service-accounts bind-workloads ${email} --workload=allUsers`)).exitCode).toBe(1);
  });

  test("a policy of its own says who may act as it", async () => {
    const email = await makeAccount("actor");
    const binding = "--member=domain:example.com --role=roles/iam.serviceAccountTokenCreator";
    const added = await run(`iam service-accounts add-iam-policy-binding ${email} ${binding}`);
    expect(added.stderr).toBe(`Updated IAM policy for service account [${email}].\n`);
    expect(added.stdout).toContain("domain:example.com");
    expect((await run(`iam service-accounts get-iam-policy ${email}`)).stdout).toBe(added.stdout);
    const file = server.home.write("account-policy.yaml", "bindings: []\n");
    expect((await run(`iam service-accounts set-iam-policy ${email} ${file}`)).exitCode).toBe(0);
    expect((await run(`iam service-accounts remove-iam-policy-binding ${email} ${binding}`)).exitCode).toBe(1);
  });

  test.each([
    ["create robot", "--project is missing"],
    ["create", "NAME is missing"],
    ["keys create robot.json", "--iam-account is missing"],
    ["describe", "EMAIL is missing"],
  ])("%s is wrong usage", async (line, text) => {
    const { exitCode, stderr } = await run(`iam service-accounts ${line}`);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(text);
  });
});

describe("waybill iam service-accounts keys", () => {
  test("create writes a file for its owner only, and the key works", async () => {
    const email = await makeAccount("maker");
    const path = server.home.path("maker.json");
    const { exitCode, stdout, stderr } = await run(`iam service-accounts keys create ${path} --iam-account=${email}`);
    const key = JSON.parse(server.home.read("maker.json"));
    expect({ exitCode, stdout }).toEqual(done);
    expect(stderr).toBe(`created key [${key.private_key_id}] of type [json] as [${path}] for [${email}]\n`);
    expect(server.home.mode("maker.json")).toBe("600");
    expect(key).toMatchObject({ client_email: email, project_id: "shop", token_uri: `${server.origin}/token` });
    const asMaker = { WAYBILL_KEY_FILE: path };
    expect((await run("projects list", asMaker)).exitCode).toBe(0);
    const refused = await run("projects describe shop", asMaker);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(
      `serviceAccount:${email} does not have the permission "resourcemanager.projects.get"`,
    );
    expect(refused.stderr).toContain("waybill: hint: an owner can grant a role");

    await run(`iam service-accounts keys disable ${key.private_key_id} --iam-account=${email}`);
    const disabled = await run("projects list", asMaker);
    expect(disabled.exitCode).toBe(1);
    expect(disabled.stderr).toContain(`does not believe ${email}`);
  });

  test("create puts the key into another universe, where libraries sign for themselves", async () => {
    const email = await makeAccount("far");
    const line = `iam service-accounts keys create ${server.home.path("far.json")} --iam-account=${email}`;
    expect((await run(`${line} --universe-domain=https://x`)).exitCode).toBe(2);
    expect((await run(`${line} --universe-domain=registry.test`)).exitCode).toBe(0);
    expect(JSON.parse(server.home.read("far.json"))).toMatchObject({
      universe_domain: "registry.test",
      client_email: email,
    });
  });

  test("create shows no private key, whatever the format", async () => {
    const email = await makeAccount("quiet");
    const path = server.home.path("quiet.json");
    const { stdout } = await run(`iam service-accounts keys create ${path} --iam-account=${email} --format=json`);
    expect(JSON.parse(stdout)).toMatchObject({ keyType: "USER_MANAGED" });
    expect(stdout).not.toContain("privateKeyData");
  });

  test("create leaves a file alone that is there, and none behind when it fails", async () => {
    const email = await makeAccount("careful");
    const path = server.home.write("precious.json", "precious");
    const existing = await run(`iam service-accounts keys create ${path} --iam-account=${email}`);
    expect(existing.exitCode).toBe(1);
    expect(existing.stderr).toContain("is there already");
    expect(server.home.read("precious.json")).toBe("precious");
    expect((await run(`iam service-accounts keys list --iam-account=${email}`)).stderr).toBe("Listed 0 items.\n");
    await run(`iam service-accounts keys create ${server.home.path("none.json")} --iam-account=${emailOf("nobody")}`);
    expect(server.home.has("none.json")).toBe(false);
  });

  test("list, disable, enable and delete", async () => {
    const email = await makeAccount("lister");
    await run(`iam service-accounts keys create ${server.home.path("lister.json")} --iam-account=${email}`);
    const id = JSON.parse(server.home.read("lister.json")).private_key_id;
    const of = `--iam-account=${email}`;
    expect(await run(`iam service-accounts keys disable ${id} ${of}`)).toEqual({
      ...done,
      stderr: `Disabled key [${id}] for service account [${email}].\n`,
    });
    const { stdout } = await run(`iam service-accounts keys list ${of}`);
    expect(stdout).toMatch(/^KEY_ID +CREATED_AT +EXPIRES_AT +ORIGIN +DISABLED +EXPOSED_AT\n/);
    expect(stdout).toMatch(new RegExp(`^${id} .* generated +True$`, "m"));
    expect((await run(`iam service-accounts keys enable ${id} ${of}`)).stderr).toStartWith("Enabled key");
    expect(await run(`iam service-accounts keys delete ${id} ${of} -q`)).toEqual({
      ...done,
      stderr: `deleted key [${id}] for service account [${email}]\n`,
    });
    expect(JSON.parse((await run(`iam service-accounts keys list ${of} --format=json`)).stdout)).toEqual([]);
  });

  test("upload registers a public key; a private one does not leave the machine", async () => {
    const email = await makeAccount("uploader");
    const of = `--iam-account=${email}`;
    const pem = server.home.write("public.pem", keyPair.publicKey.toString());
    const { stdout, stderr } = await run(`iam service-accounts keys upload ${pem} ${of} --format=json`);
    const key = JSON.parse(stdout);
    expect(key).toMatchObject({ keyOrigin: "USER_PROVIDED" });
    const id = key.name.split("/").at(-1);
    expect(stderr).toBe(`uploaded key [${id}] for [${email}]\n`);
    const file = { type: "service_account", client_email: email, private_key_id: id, private_key: keyPair.privateKey };
    const own = server.home.write("own.json", JSON.stringify({ ...file, token_uri: `${server.origin}/token` }));
    expect((await run("projects list", { WAYBILL_KEY_FILE: own })).exitCode).toBe(0);

    const secret = server.home.write("private.pem", keyPair.privateKey);
    const refused = await run(`iam service-accounts keys upload ${secret} ${of}`);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("holds a private key");
  });
});

describe("waybill iam roles", () => {
  test("list and describe", async () => {
    expect((await run("iam roles list")).stdout).toMatch(/^roles\/viewer +Viewer$/m);
    const role = await run("iam roles describe roles/storage.objectViewer");
    expect(role.stdout).toMatch(/^artifactregistry\.repositories\.downloadArtifacts$/m);
    expect((await run("iam roles describe roles/nothing")).stderr).toContain("There is no role roles/nothing");
  });
});
