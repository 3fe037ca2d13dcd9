import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { membersOf } from "../../src/access/members.ts";
import { pull } from "../../src/access/permissions.ts";
import { repositoryResource } from "../../src/access/resource.ts";
import { anonymous, type Principal } from "../../src/identity/principal.ts";
import { scope } from "../../src/identity/scopes.ts";
import type { MemberKey } from "../../src/storage/metadata/schema.ts";
import { startTestServer, type TestServer } from "../server.ts";

const account: Principal = { kind: "serviceAccount", id: "1", email: "robot@example.com", projectId: "9" };
const ann: Principal = { kind: "user", id: "2", email: "Ann@Example.com" };
const pool = "//iam.googleapis.com/projects/9/locations/global/workloadIdentityPools/ci";
const workload: Principal = { kind: "federated", id: `${pool}/subject/s`, sets: [`${pool}/*`], projectId: "9" };

describe("whose bindings count", () => {
  test.each<[string, Principal, string[]]>([
    ["for nobody those of everybody", anonymous, ["allUsers"]],
    ["for an account no domain's", account, ["serviceAccount:1", "allAuthenticatedUsers", "allUsers"]],
    ["for a user the domain's", ann, ["user:2", "domain:example.com", "allAuthenticatedUsers", "allUsers"]],
    [
      "for a workload its sets', and no logged-in user's",
      workload,
      [`principal:${pool}/subject/s`, `principalSet:${pool}/*`, "allUsers"],
    ],
  ])("%s", (_what, principal, members) => {
    expect(membersOf(principal)).toEqual(members as MemberKey[]);
  });
});

describe("a decision", () => {
  let server: TestServer;
  let projectId: string;
  beforeAll(async () => {
    server = await startTestServer();
    projectId = (await server.project("demo")).id;
  });
  afterAll(() => server.close());

  const caller = (principal: Principal) => ({
    ...{ principal, scopes: new Set([scope.cloudPlatform]), keyId: undefined, access: undefined },
    expiresAt: Number.POSITIVE_INFINITY,
  });
  const allowed = async (principal: Principal, image = "a/b/c/d/e/f/g/h/i/j/app") => {
    const names = { path: `demo/${image}`, location: "default", project: "demo", image };
    const resource = repositoryResource(names, { projectId, repositoryId: "r" });
    return (await server.access.decide(caller(principal), pull, resource)).allowed;
  };
  const grant = (member: string, place = `project/${projectId}`) =>
    server.grant(place as "installation", member, "roles/artifactregistry.reader");

  test("counts a domain for its people, and never for an account in it", async () => {
    await grant("domain:example.com");
    expect([await allowed(ann), await allowed(account), await allowed(workload)]).toEqual([true, false, false]);
  });

  test("counts a set for the workloads in it", async () => {
    await grant(`principalSet:${pool}/*`);
    const elsewhere = { ...workload, sets: [] } as Principal;
    expect([await allowed(workload), await allowed(elsewhere)]).toEqual([true, false]);
  });

  test("counts every group of one who is in three hundred", async () => {
    const bob: Principal = { kind: "user", id: "3", email: "bob@example.org" };
    for (let index = 0; index < 300; index++) {
      const group = await server.groups.create(`group-${index}@example.com`, {});
      await server.metadata.write((write) =>
        write.insertInto("group_members").values({ group_id: group.id, member: "user:3", added_at: 0 }).execute(),
      );
      if (index === 299) {
        expect(await allowed(bob)).toBe(false);
        await grant(`group:${group.id}`);
      }
    }
    expect(await allowed(bob)).toBe(true);
  }, 30_000);

  test("looks at eight folders of a name, the outermost first", async () => {
    const carl: Principal = { kind: "user", id: "4", email: "carl@example.org" };
    await grant("user:4", `prefix/${projectId}/default/a/b/c/d/e/f/g/h`);
    expect([await allowed(carl), await allowed(carl, "a/app"), await allowed(carl, "a/b/c/d/e/f/g/h")]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
