import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { formatByteSize, parseByteSize } from "../../src/cli/projects/byte-size.ts";
import { pushImage, smallImage } from "../registry/small-image.ts";
import { basic } from "../server.ts";
import { type AdministeredServer, startAdministeredServer } from "./administered-server.ts";

let server: AdministeredServer;
beforeAll(async () => {
  server = await startAdministeredServer();
  await run("projects create shop");
}, 30_000);
afterAll(() => server[Symbol.asyncDispose]());

const run = (line: string) => server.waybill(line.split(" "));

function file(name: string, text: string): string {
  const path = server.home.path(name);
  writeFileSync(path, text);
  return path;
}

async function push(tag: string, image = smallImage(tag), name = "shop/app"): Promise<void> {
  const fetchFrom = (url: string, init: RequestInit = {}) => fetch(`${server.origin}${url}`, init);
  const headers = basic("_json_key", readFileSync(server.adminKey, "utf8"));
  const answer = await fetchFrom(`/v2/token?scope=repository:${name}:pull,push`, { headers });
  const { token } = (await answer.json()) as { token: string };
  await pushImage({ fetch: fetchFrom }, name, tag, image, token);
}

const policies = `
- name: all
  action: {type: Delete}
  condition: {tagState: any, olderThan: 0s}
- name: newest
  action: {type: Keep}
  mostRecentVersions: {keepCount: 1}
`;

describe("waybill container rules", () => {
  test("set, describe and delete, from YAML and back", async () => {
    const path = file("rules.yaml", `dockerConfig: {immutableTagPatterns: ["v*"]}\ncleanupPolicyDryRun: true\n`);
    const set = await run(`container rules set --project=shop ${path}`);
    expect(set).toMatchObject({ exitCode: 0, stderr: "Updated rules of project [shop].\n" });
    const described = await run("container rules describe --project=shop");
    expect(described.stdout).toBe(set.stdout);
    const again = await run(`container rules set --project=shop ${file("again.yaml", described.stdout)}`);
    expect(again.exitCode).toBe(0);
    const { etag, ...rules } = JSON.parse((await run("container rules describe --project=shop --format=json")).stdout);
    expect(rules).toEqual({ dockerConfig: { immutableTagPatterns: ["v*"] }, cleanupPolicyDryRun: true });
    const late = await run(`container rules set --project=shop ${file("late.yaml", described.stdout)}`);
    expect(late.exitCode).toBe(1);
    expect(late.stderr).toContain("Somebody changed these rules");
    expect((await run("container rules delete --project=shop --quiet")).stderr).toBe(
      "Deleted rules of project [shop].\n",
    );
    expect((await run("container rules describe --project=shop")).stdout).toContain("ACAB");
  });

  test("a list is gcloud's policy file, and leaves the other rules", async () => {
    await run(`container rules set --project=shop ${file("docker.yaml", "dockerConfig: {immutableTags: false}\n")}`);
    await run(`container rules set --project=shop ${file("policies.yaml", policies)}`);
    const rules = JSON.parse((await run("container rules describe --project=shop --format=json")).stdout);
    expect(rules.dockerConfig).toEqual({ immutableTags: false });
    expect(rules.cleanupPolicies.map(({ name }: { name: string }) => name)).toEqual(["all", "newest"]);
  });

  test("says what is wrong with a file, and with a repository that is not there", async () => {
    const wrong = await run(
      `container rules set --project=shop ${file("wrong.yaml", "cleanupPolicies: [{name: a}]\n")}`,
    );
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stderr).toContain("cleanupPolicies.0.action");
    expect((await run(`container rules set --project=shop ${file("text.yaml", "nothing\n")}`)).stderr).toContain(
      "cannot be read",
    );
    const absent = await run("container rules describe --project=shop --repository=absent");
    expect(absent.stderr).toContain("shop/absent does not exist");
    expect((await run("container rules describe")).exitCode).toBe(2);
  });
});

describe("waybill container cleanup", () => {
  test("says what would go, then deletes it", async () => {
    await push("v1");
    await Bun.sleep(2);
    await push("v2");
    await run(`container rules set --project=shop ${file("policies.yaml", policies)}`);
    const dry = await run("container cleanup --project=shop --dry-run");
    expect(dry.stdout).toMatch(/^IMAGE +DIGEST +TAGS +PUSHED_AT +POLICY +DELETED\n/);
    expect(dry.stdout).toMatch(/^app +sha256:[0-9a-f]{64} +v1 +20\S+ +all +no$/m);
    expect(dry.stderr).toContain("Deleted 0 manifests. 1 would go");
    const done = await run("container cleanup --project=shop --format=json");
    expect(JSON.parse(done.stdout)).toMatchObject([{ image: "app", tags: ["v1"], policy: "all", deleted: true }]);
    expect(done.stderr).toBe("Deleted 1 manifests.\n");
    expect((await run("container cleanup --project=shop")).stderr).toContain("Listed 0 items.");
  });
});

describe("waybill projects", () => {
  test("set-quota limits what is pushed, and describe shows what is used", async () => {
    await run("projects create small");
    const set = await run("projects set-quota small --bytes=1KiB");
    expect(set).toEqual({ exitCode: 0, stdout: "", stderr: "Project [small] uses 0 B of 1.0 KiB now.\n" });
    await push("v1", smallImage("a"), "small/app");
    await expect(push("v2", smallImage("x".repeat(2000)), "small/app")).rejects.toThrow(/403.*uses.*of its 1.0 KiB/);
    expect((await run("projects describe small")).stdout).toMatch(/USED +READ_ONLY\n.* [0-9]+ B of 1.0 KiB +no\n$/);
    const { quota, readOnly } = JSON.parse((await run("projects describe small --format=json")).stdout);
    expect({ quota, readOnly }).toEqual({
      quota: { usedBytes: expect.stringMatching(/^[0-9]{3}$/), bytesMax: "1024" },
      readOnly: false,
    });
    await run("projects set-quota small --unlimited");
    await push("v2", smallImage("x".repeat(2000)), "small/app");
    expect((await run("projects describe small")).stdout).toContain("of no quota");
  });

  test("update closes a project to pushes and opens it again", async () => {
    await run("projects create closed");
    expect((await run("projects update closed --read-only")).stderr).toBe("Project [closed] is read-only now.\n");
    await expect(push("v1", smallImage("a"), "closed/app")).rejects.toThrow(/405.*this project is read-only/);
    expect((await run("projects describe closed")).stdout).toMatch(/ yes\n$/);
    expect((await run("projects update closed --no-read-only")).stderr).toBe(
      "Project [closed] is open to pushes now.\n",
    );
    await push("v1", smallImage("a"), "closed/app");
  });

  test.each([
    ["projects update shop", "either --read-only or --no-read-only"],
    ["projects update shop --read-only --no-read-only", "either --read-only or --no-read-only"],
    ["projects set-quota shop", "either --bytes or --unlimited"],
    ["projects set-quota shop --bytes=much", "is not a size"],
  ])("%s is a wrong usage", async (line, text) => {
    const { exitCode, stderr } = await run(line);
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(text) });
  });
});

test("sizes are read and written", () => {
  expect(["10GiB", "1.5 TB", "500MB", "12", "0"].map(parseByteSize)).toEqual([10 * 2 ** 30, 1.5e12, 5e8, 12, 0]);
  for (const text of ["", "-1", "1e3", "10 gib", "GiB", "9999TiB"]) expect(() => parseByteSize(text)).toThrow();
  expect([0, 1023, 1024, 10 * 2 ** 30, 5 * 2 ** 50].map(formatByteSize)).toEqual([
    "0 B",
    "1023 B",
    "1.0 KiB",
    "10.0 GiB",
    "5120.0 TiB",
  ]);
});
