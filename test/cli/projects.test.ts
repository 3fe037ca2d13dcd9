import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { runCli } from "../../src/cli/run.ts";
import { type AdministeredServer, startAdministeredServer } from "./administered-server.ts";
import { context } from "./context.ts";

let server: AdministeredServer;
beforeAll(async () => {
  server = await startAdministeredServer();
}, 30_000);
afterAll(() => server[Symbol.asyncDispose]());

const run = (line: string, env?: Record<string, string>) => server.waybill(line.split(" "), env);
const done = { exitCode: 0, stdout: "" };

describe("waybill projects", () => {
  test("create, list, describe and delete", async () => {
    expect(await run("projects create shop --name=Shop")).toEqual({ ...done, stderr: "Created project [shop].\n" });
    const listed = await run("projects list");
    expect(listed.stdout).toMatch(/^PROJECT_ID +NAME +PROJECT_NUMBER +CREATED_AT\n/);
    expect(listed.stdout).toMatch(/^shop +Shop +[0-9]{12} +20/m);
    const [shop] = JSON.parse((await run("projects list --format=json")).stdout);
    expect(shop).toMatchObject({ projectId: "shop", name: "Shop", lifecycleState: "ACTIVE" });
    expect(JSON.parse((await run("projects describe shop --format=json")).stdout)).toMatchObject(shop);
    expect((await run(`projects describe ${shop.projectNumber}`)).stdout).toContain("shop");
    expect(await run("projects delete shop --quiet")).toEqual({ ...done, stderr: "Deleted project [shop].\n" });
    expect((await run("projects describe shop")).stderr).toContain("project shop does not exist");
  });

  test("a domain-scoped project", async () => {
    const { stdout } = await run("projects create example.com:shop --format=json");
    expect(JSON.parse(stdout)).toMatchObject({ projectId: "example.com:shop" });
    expect((await run("projects describe example.com:shop")).stdout).toContain("example.com:shop");
  });

  test("a policy is changed binding by binding", async () => {
    await run("projects create library");
    const binding = "--member=domain:Example.com --role=roles/viewer";
    const added = await run(`projects add-iam-policy-binding library ${binding}`);
    expect(added.stderr).toBe("Updated IAM policy for project [library].\n");
    expect(added.stdout).toMatch(/^ROLE +MEMBER\n/);
    expect(added.stdout).toMatch(/^roles\/viewer +domain:example.com$/m);
    expect((await run(`projects add-iam-policy-binding library ${binding}`)).stdout).toBe(added.stdout);
    expect((await run("projects get-iam-policy library")).stdout).toBe(added.stdout);
    const removed = await run(`projects remove-iam-policy-binding library ${binding}`);
    expect(removed.stdout).not.toContain("example.com");
    const again = await run(`projects remove-iam-policy-binding library ${binding}`);
    expect(again).toMatchObject({ exitCode: 1, stdout: "" });
    expect(again.stderr).toStartWith("waybill: error: domain:Example.com does not have roles/viewer by this policy\n");
  });

  test("changes by several at once are all kept", async () => {
    await run("projects create crowd");
    const names = ["a", "b", "c", "d"];
    const add = (name: string) =>
      run(`projects add-iam-policy-binding crowd --member=domain:${name}.test --role=roles/viewer`);
    expect((await Promise.all(names.map(add))).map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
    const { stdout } = await run("projects get-iam-policy crowd");
    for (const name of names) expect(stdout).toContain(`domain:${name}.test`);
  });

  test("a policy is taken from a file, JSON or YAML, while nobody changed it meanwhile", async () => {
    await run("projects create archive");
    const { stdout } = await run("projects get-iam-policy archive --format=json");
    const file = server.home.write("policy.json", stdout);
    expect((await run(`projects set-iam-policy archive ${file}`)).exitCode).toBe(0);
    const stale = await run(`projects set-iam-policy archive ${file}`);
    expect(stale.exitCode).toBe(1);
    expect(stale.stderr).toContain("concurrent policy changes");
    const yaml = server.home.write(
      "policy.yaml",
      "bindings:\n- role: roles/viewer\n  members:\n  - domain:yaml.test\n",
    );
    expect((await run(`projects set-iam-policy archive ${yaml}`)).stdout).toContain("domain:yaml.test");
  });

  test("a bucket's role is granted on a location", async () => {
    await run("projects create places");
    const binding = "--member=allAuthenticatedUsers --role=roles/storage.legacyBucketReader";
    expect((await run(`projects add-iam-policy-binding places ${binding}`)).stderr).toContain("not on a project");
    const { stderr } = await run(`projects add-iam-policy-binding places ${binding} --location=default`);
    expect(stderr).toBe("Updated IAM policy for project [places] at [default].\n");
    expect((await run("projects get-iam-policy places --location=default")).stdout).toContain("legacyBucketReader");
    expect((await run(`projects get-iam-policy places --repository=app`)).exitCode).toBe(2);
  });

  test.each([
    ["projects create Shop", 1, `"Shop" cannot name a project`],
    ["projects create", 2, "PROJECT is missing"],
    ["projects add-iam-policy-binding shop --role=roles/viewer", 2, "--member is missing"],
    ["projects list --format=xml", 2, "--format cannot be"],
    ["projects set-iam-policy shop /nonexistent", 1, "/nonexistent cannot be read"],
    ["projects list --server=http://registry.example", 1, "without encryption"],
    ["projects list --server=http://127.0.0.1:1", 1, "http://127.0.0.1:1 does not answer"],
  ])("%s: exit %d", async (line, exitCode, text) => {
    const outcome = await run(line);
    expect(outcome).toMatchObject({ exitCode, stdout: "" });
    expect(outcome.stderr).toStartWith("waybill: error: ");
    expect(outcome.stderr).toContain(text);
  });
});

describe("what deletes", () => {
  test.each([
    ["n\n", 1, "nothing was changed"],
    ["y\n", 1, "there is no network"],
    ["", 1, "nothing was changed"],
  ])("asks somebody at the terminal: %j", async (stdin, exitCode, text) => {
    const { it, said } = context({
      stdin,
      interactive: true,
      env: { WAYBILL_KEY_FILE: server.adminKey, HOME: server.home.folder },
    });
    expect(await runCli(["projects", "delete", "shop"], it)).toBe(exitCode);
    expect(said.stderr).toStartWith("Project [shop] will be deleted");
    expect(said.stderr).toContain(text);
  });

  test("asks nobody with --quiet", async () => {
    const { it, said } = context({
      interactive: true,
      env: { WAYBILL_KEY_FILE: server.adminKey, HOME: server.home.folder },
    });
    expect(await runCli(["projects", "delete", "shop", "-q"], it)).toBe(1);
    expect(said.stderr).toStartWith("waybill: error: ");
  });
});
