import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Permission } from "../../src/access/permissions.ts";
import { locationKey } from "../../src/access/resource.ts";
import type { KeyFile } from "../../src/identity/key-file.ts";
import { scope } from "../../src/identity/scopes.ts";
import type { ServiceAccountRow } from "../../src/storage/metadata/service-accounts.ts";
import { pushImage, smallImage } from "../registry/small-image.ts";
import { bearer, startTestServer, type TestServer } from "../server.ts";

/**
 * Who may do what: each row was written by hand and is to be read in review. `role` is what the caller was granted,
 * and where; `scope` is the token's. The answers are those of DESIGN: 401 ask to log in, 403 say why, else done.
 */
type Verb = "pull" | "list" | "push" | "tag" | "move" | "untag" | "delete";
type Row = readonly [who: string, role: string, on: Place, scope: keyof typeof scope | "none", can: readonly Verb[]];
type Place =
  | "nothing"
  | "project"
  | "other project"
  | "location"
  | "other location"
  | "repository"
  | "other repository"
  | "installation";

const everything: readonly Verb[] = ["pull", "list", "push", "tag", "move", "untag", "delete"];
const reading: readonly Verb[] = ["pull", "list"];
const without = (verb: Verb): readonly Verb[] => everything.filter((each) => each !== verb);
const pullPermission: Permission = "artifactregistry.repositories.downloadArtifacts";
const writing: readonly Verb[] = ["pull", "list", "push", "tag", "move"];

const rows: readonly Row[] = [
  ["an account without a role", "", "nothing", "cloudPlatform", []],
  ["a viewer", "roles/viewer", "project", "cloudPlatform", reading],
  ["an editor", "roles/editor", "project", "cloudPlatform", everything],
  ["an owner", "roles/owner", "project", "cloudPlatform", everything],
  ["an owner of everything", "roles/owner", "installation", "cloudPlatform", everything],
  ["an owner of another project", "roles/owner", "other project", "cloudPlatform", []],
  ["a reader", "roles/artifactregistry.reader", "project", "storageReadWrite", reading],
  ["a writer may not delete", "roles/artifactregistry.writer", "project", "cloudPlatform", writing],
  ["a repository administrator", "roles/artifactregistry.repoAdmin", "project", "storageReadWrite", everything],
  ["an object viewer", "roles/storage.objectViewer", "project", "cloudPlatform", reading],
  ["an object admin", "roles/storage.objectAdmin", "project", "cloudPlatform", everything],
  ["a storage admin", "roles/storage.admin", "project", "storageFullControl", everything],
  ["a bucket reader", "roles/storage.legacyBucketReader", "location", "cloudPlatform", reading],
  ["a bucket writer", "roles/storage.legacyBucketWriter", "location", "cloudPlatform", everything],
  ["a bucket writer of another location", "roles/storage.legacyBucketWriter", "other location", "cloudPlatform", []],
  ["a reader of this repository", "roles/artifactregistry.reader", "repository", "cloudPlatform", reading],
  ["a writer of another repository", "roles/artifactregistry.writer", "other repository", "cloudPlatform", []],
  ["a role for accounts opens no image", "roles/iam.serviceAccountAdmin", "project", "cloudPlatform", []],
  ["a role for policies opens no image", "roles/resourcemanager.projectIamAdmin", "project", "cloudPlatform", []],
  ["an unknown role", "roles/made.up", "project", "cloudPlatform", []],
  ["an owner with a read-only token", "roles/owner", "project", "storageReadOnly", reading],
  ["an owner with a read-write token", "roles/owner", "project", "storageReadWrite", everything],
  ["an owner with a read-only cloud token", "roles/owner", "project", "cloudPlatformReadOnly", reading],
  ["an owner with a token for impersonation", "roles/owner", "project", "iam", []],
  ["an owner with a token without scopes", "roles/owner", "project", "none", []],
  ["a reader with a wide token", "roles/artifactregistry.reader", "project", "storageFullControl", reading],
];

let server: TestServer;
let account: ServiceAccountRow;
let key: KeyFile;
let places: Record<Place, readonly string[]>;
const image = smallImage("a");
const another = smallImage("b");

beforeAll(async () => {
  server = await startTestServer();
  const project = await server.project("demo");
  const other = await server.project("other");
  const { account: owner, key: ownerKey } = await server.account(project, "pusher", [
    [`project/${project.id}`, "roles/owner"],
  ]);
  const token = server.accessToken(owner, ownerKey);
  for (const name of ["demo/app", "demo/else"]) await pushImage(server, name, "latest", image, token);
  const idOf = async (name: string) => (await server.metadata.hot.repositoryId("default", project.id, name)) as string;
  places = {
    nothing: [],
    project: [`project/${project.id}`],
    "other project": [`project/${other.id}`],
    location: [locationKey("default", project.id)],
    "other location": [locationKey("eu.gcr.io", project.id)],
    repository: [`repository/${await idOf("app")}`],
    "other repository": [`repository/${await idOf("else")}`],
    installation: ["installation"],
  };
});
afterAll(() => server.close());

/** Each verb as a request to demo/app; what it needs to be there is made before it, by the owner. */
const requests: Readonly<Record<Verb, () => readonly [method: string, path: string, body?: Uint8Array]>> = {
  pull: () => ["GET", "/v2/demo/app/manifests/latest"],
  list: () => ["GET", "/v2/demo/app/tags/list"],
  push: () => ["POST", "/v2/demo/app/blobs/uploads/"],
  tag: () => ["PUT", `/v2/demo/app/manifests/new-${Bun.randomUUIDv7()}`, image.manifest],
  move: () => ["PUT", "/v2/demo/app/manifests/moving", another.manifest],
  untag: () => ["DELETE", "/v2/demo/app/manifests/going"],
  delete: () => ["DELETE", `/v2/demo/app/manifests/${another.digest}`],
};

async function prepare(owner: string): Promise<void> {
  await pushImage(server, "demo/app", "moving", image, owner);
  await pushImage(server, "demo/app", "going", another, owner);
}

async function allowedVerbs(headers: Record<string, string>, owner: string) {
  const allowed: Verb[] = [];
  const statuses = new Set<number>();
  for (const verb of everything) {
    await prepare(owner);
    const [method, path, body] = requests[verb]();
    const answer = await server.fetch(path, {
      method,
      headers: { ...headers, ...(body && { "content-type": image.mediaType }) },
      ...(body && { body }),
    });
    if (answer.ok) allowed.push(verb);
    else statuses.add(answer.status);
  }
  return { allowed, statuses: [...statuses] };
}

describe("an access token lets", () => {
  let counter = 0;
  test.each(rows.map((row) => [...row] as const))("%s (%s on %s, scope %s)", async (_who, role, on, scopeName, can) => {
    const project = await server.projects.find("demo");
    if (!project) throw new Error("no project");
    const owner = await server.account(project, `o${++counter}`, [[`project/${project.id}`, "roles/owner"]]);
    ({ account, key } = await server.account(project, `r${counter}`));
    for (const place of places[on]) await server.grant(place as "installation", `serviceAccount:${account.id}`, role);
    const scopes = scopeName === "none" ? [] : [scope[scopeName]];
    const ownerToken = server.accessToken(owner.account, owner.key);
    const { allowed, statuses } = await allowedVerbs(bearer(server.accessToken(account, key, scopes)), ownerToken);
    expect(allowed).toEqual([...can]);
    expect(statuses).toEqual(can.length === everything.length ? [] : [403]);
    expect(server.logged).toEqual([]);
  });
});

describe("a grant that hangs on something lets", () => {
  const reader = "roles/artifactregistry.reader";
  type Setup = (member: string, projectId: string) => Promise<void>;
  const conditional =
    (expression: string): Setup =>
    async (_, projectId) => {
      const row = { member: `serviceAccount:${account.id}`, role: "roles/owner" } as const;
      const condition = JSON.stringify({ expression });
      await server.metadata.write((write) =>
        server.policies.grant(write, `project/${projectId}`, { ...row, condition }),
      );
    };
  const grant = (member: string, place: string, role: string) =>
    server.grant(place as "installation", idOf(member), role);
  const idOf = (member: string) =>
    member === `serviceAccount:${account.email}` ? `serviceAccount:${account.id}` : member;
  const ownRole =
    (permissions: string[], stage: "GA" | "DISABLED"): Setup =>
    async (member, projectId) => {
      const project = await server.projects.find("demo");
      if (!project) throw new Error("no project");
      const role = await server.customRoles.create(project, `role${counter}`, { permissions, stage });
      await grant(member, `project/${projectId}`, role.id);
    };
  const deny =
    (permission: string): Setup =>
    async (member, projectId) => {
      await grant(member, `project/${projectId}`, "roles/owner");
      const rule = {
        deniedPrincipals: [member],
        exceptionPrincipals: [],
        deniedPermissions: [permission],
        exceptionPermissions: [],
      };
      await server.denyPolicies.create(`project/${projectId}`, `no-${counter}`, "", [rule]);
    };
  const named = (name: string) => `resource.name.startsWith("projects/demo/locations/default/repositories/${name}")`;
  let counter = 0;

  const ways: readonly (readonly [string, Setup, readonly Verb[]])[] = [
    [
      "a member of a group",
      async (member, projectId) => {
        const group = await server.groups.create(`group${counter}@example.com`, {});
        await server.groups.addMember(group, member);
        await grant(`group:${group.id}`, `project/${projectId}`, reader);
      },
      reading,
    ],
    [
      "a member of a group in a group",
      async (member, projectId) => {
        const inner = await server.groups.create(`inner${counter}@example.com`, {});
        const outer = await server.groups.create(`outer${counter}@example.com`, {});
        await server.groups.addMember(inner, member);
        await server.groups.addMember(outer, `group:inner${counter}@example.com`);
        await grant(`group:${outer.id}`, `project/${projectId}`, "roles/artifactregistry.writer");
      },
      writing,
    ],
    ["an owner while a time lasts", conditional('request.time < timestamp("2100-01-01T00:00:00Z")'), everything],
    ["an owner whose time is over", conditional('request.time < timestamp("2020-01-01T00:00:00Z")'), []],
    ["an owner of what is named so", conditional(named("app")), everything],
    ["an owner of what is named otherwise", conditional(named("team/")), []],
    ["a role of the project", ownRole([pullPermission, "artifactregistry.tags.list"], "GA"), reading],
    ["a disabled role of the project", ownRole([pullPermission, "artifactregistry.tags.list"], "DISABLED"), []],
    ["an owner who is denied deletes", deny("artifactregistry.repositories.deleteArtifacts"), without("delete")],
    ["an owner who is denied everything", deny("*"), []],
    [
      "a reader below a folder that the image is not in",
      (member, projectId) => grant(member, `prefix/${projectId}/default/team`, reader),
      [],
    ],
  ];

  test.each(ways.map((each) => [...each] as const))("%s", async (_who, setUp, can) => {
    counter++;
    const project = await server.projects.find("demo");
    if (!project) throw new Error("no project");
    const owner = await server.account(project, `owner${counter}`, [[`project/${project.id}`, "roles/owner"]]);
    ({ account, key } = await server.account(project, `way${counter}`));
    await setUp(`serviceAccount:${account.email}`, project.id);
    const ownerToken = server.accessToken(owner.account, owner.key);
    const { allowed } = await allowedVerbs(bearer(server.accessToken(account, key)), ownerToken);
    expect(allowed).toEqual([...can]);
    expect(server.logged).toEqual([]);
  });
});

describe("without credentials", () => {
  const publicRows: readonly (readonly [string, string, string, readonly Verb[]])[] = [
    ["nobody may do anything", "", "", []],
    ["allUsers as readers may pull", "allUsers", "roles/artifactregistry.reader", reading],
    ["allAuthenticatedUsers does not mean strangers", "allAuthenticatedUsers", "roles/artifactregistry.reader", []],
  ];
  test.each(publicRows)("%s", async (_name, member, role, can) => {
    const fresh = await startTestServer();
    const before = server;
    server = fresh;
    try {
      const project = await fresh.project("demo");
      const owner = await fresh.account(project, "owner", [[`project/${project.id}`, "roles/owner"]]);
      const token = fresh.accessToken(owner.account, owner.key);
      await pushImage(fresh, "demo/app", "latest", image, token);
      if (member) await fresh.grant(`project/${project.id}`, member, role);
      const { allowed, statuses } = await allowedVerbs({}, token);
      expect(allowed).toEqual([...can]);
      expect(statuses).toEqual([401]);
    } finally {
      server = before;
      await fresh.close();
    }
  });
});
