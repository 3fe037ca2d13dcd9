import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { googleRoutes } from "../../../src/http/google/routes.ts";
import { scope } from "../../../src/identity/scopes.ts";
import type { ResourceKey } from "../../../src/storage/metadata/schema.ts";
import { pushImage, smallImage } from "../../registry/small-image.ts";
import { type Send, startWorld, type World } from "./exchange.ts";

/**
 * Who may administer what. Every route of the API is asked by every caller; the rows below were written by hand and
 * are to be read in review. A route that no row mentions is open to nobody but owners.
 */
type Verb = keyof typeof verbs;

const account = "/v1/projects/{project}/serviceAccounts/{account}";
const location = "/v1/projects/{project}/locations/{location}";
const pools = "/v1/projects/{project}/locations/global/workloadIdentityPools";
const repository = `${location}/repositories/{repository}`;
const prefix = `${location}/prefixes/{prefix}`;
const organization = "/v1/organizations/{organization}";
const customRole = "/v1/projects/{project}/roles/{customRole}";
const denyPolicies = "/v2/policies/{attachment}/denypolicies";
const readConstraints = (path: string) =>
  ["listOrgPolicies", "listAvailableOrgPolicyConstraints", "getOrgPolicy", "getEffectiveOrgPolicy"].map(
    (verb) => `POST ${path}:${verb}`,
  );
const writeConstraints = (path: string) => ["setOrgPolicy", "clearOrgPolicy"].map((verb) => `POST ${path}:${verb}`);

const region = "/v1/projects/{project}/locations/{region}";
const artifacts = `${region}/repositories/{artifactRepository}`;
const artifact = `${artifacts}/packages/{package}`;

const verbs = {
  "see project": [
    "GET /v1/projects/{project}",
    "GET /v1/operations/cp.{project}",
    "GET /v1/projects/{project}/import",
    "POST /v1/projects/{project}/services/{service}:enable",
    "GET /v1/projects/{project}/occurrences",
  ],
  "delete project": ["DELETE /v1/projects/{project}"],
  "make project": ["POST /v1/projects"],
  "read policy": ["POST /v1/projects/{project}:getIamPolicy"],
  "write policy": ["POST /v1/projects/{project}:setIamPolicy"],
  "see accounts": ["GET /v1/projects/{project}/serviceAccounts", `GET ${account}`],
  "change accounts": [
    "POST /v1/projects/{project}/serviceAccounts",
    `PATCH ${account}`,
    `PUT ${account}`,
    `DELETE ${account}`,
    `POST ${account}:disable`,
    `POST ${account}:enable`,
  ],
  "read account policy": [`POST ${account}:getIamPolicy`],
  "write account policy": [`POST ${account}:setIamPolicy`, `POST ${account}:bindWorkloads`],
  "see keys": [
    `GET ${account}/keys`,
    `GET ${account}/keys/{key}`,
    `GET ${account}/logins`,
    "GET /v1/projects/{project}/credentialUses",
  ],
  "change keys": [
    `POST ${account}/keys`,
    `POST ${account}/keys:upload`,
    `DELETE ${account}/keys/{key}`,
    `DELETE ${account}/logins/{login}`,
    `POST ${account}/keys/{key}:disable`,
    `POST ${account}/keys/{key}:enable`,
  ],
  "see roles": ["GET /v1/projects/{project}/roles", `GET ${customRole}`],
  "change roles": [
    "POST /v1/projects/{project}/roles",
    `PATCH ${customRole}`,
    `DELETE ${customRole}`,
    `POST ${customRole}:undelete`,
  ],
  "see denials": [`GET ${denyPolicies}`, `GET ${denyPolicies}/{denyPolicy}`],
  "change denials": [`POST ${denyPolicies}`, `PUT ${denyPolicies}/{denyPolicy}`, `DELETE ${denyPolicies}/{denyPolicy}`],
  "see constraints": readConstraints("/v1/projects/{project}"),
  "set constraints": writeConstraints("/v1/projects/{project}"),
  "read policy for all": [`POST ${organization}:getIamPolicy`],
  "write policy for all": [`POST ${organization}:setIamPolicy`],
  "see constraints for all": readConstraints(organization),
  "set constraints for all": writeConstraints(organization),
  "see groups": [
    "GET /v1/groups",
    "GET /v1/groups:lookup",
    "GET /v1/groups/{group}",
    "GET /v1/groups/{group}/memberships",
    "GET /v1/groups/{group}/memberships:lookup",
    "GET /v1/groups/{group}/memberships/{membership}",
  ],
  "change groups": [
    "POST /v1/groups",
    "PATCH /v1/groups/{group}",
    "DELETE /v1/groups/{group}",
    "POST /v1/groups/{group}/memberships",
    "DELETE /v1/groups/{group}/memberships/{membership}",
  ],
  "read image policies": ["GET", "POST"].flatMap((method) => [
    `${method} ${location}:getIamPolicy`,
    `${method} ${prefix}:getIamPolicy`,
    `${method} ${repository}:getIamPolicy`,
  ]),
  "see pools": [
    `GET ${pools}`,
    ...["", "/operations/{operation}", "/providers", "/providers/{provider}"].map(
      (path) => `GET ${pools}/{pool}${path}`,
    ),
    `GET ${pools}/{pool}/providers/{provider}/operations/{operation}`,
  ],
  "change pools": [
    `POST ${pools}`,
    `POST ${pools}/{pool}/providers`,
    ...["{pool}", "{pool}/providers/{provider}"].flatMap((path) => [
      `PATCH ${pools}/${path}`,
      `DELETE ${pools}/${path}`,
      `POST ${pools}/${path}:undelete`,
    ]),
  ],
  "write image policies": [location, prefix, repository].map((path) => `POST ${path}:setIamPolicy`),
  "see rules": ["GET /v1/projects/{project}/rules", `GET ${repository}/rules`],
  "write rules": ["PUT", "DELETE"].flatMap((method) => [
    `${method} /v1/projects/{project}/rules`,
    `${method} ${repository}/rules`,
  ]),
  "clean up": ["POST /v1/projects/{project}:cleanUp"],
  "see settings": ["GET /v1/projects/{project}/projectSettings"],
  "change settings": ["PATCH /v1/projects/{project}/projectSettings", "POST /v1/projects/{project}:import"],
  "list artifact repositories": [
    "GET /v1/projects/{project}/locations",
    "GET /v1beta2/projects/{project}/locations",
    `GET ${region}`,
    `GET ${region}/repositories`,
    `GET ${region}/operations/{operation}`,
  ],
  "see artifact repository": [`GET ${artifacts}`],
  "list images": [
    `GET ${artifacts}/packages`,
    `GET ${artifacts}/dockerImages`,
    `GET ${artifacts}/dockerImages/{image}`,
  ],
  "see image": [
    `GET ${artifact}`,
    `GET ${artifact}/versions`,
    `GET ${artifact}/versions/{version}`,
    `GET ${artifact}/tags`,
    `GET ${artifact}/tags/{tag}`,
  ],
  "delete image": [`DELETE ${artifact}`, `DELETE ${artifact}/versions/{version}`],
  "make tag": [`POST ${artifact}/tags`],
  "move tag": [`PATCH ${artifact}/tags/{tag}`],
  "delete tag": [`DELETE ${artifact}/tags/{tag}`],
  "read log": ["GET /v1/projects/{project}/logEntries", "POST /v1/projects/{project}:testPolicyReplay"],
  "read whole log": ["GET /v1/logEntries", "GET /v1/logSegments"],
  "see users": [
    "GET /v1/users",
    "GET /v1/users/{user}",
    "GET /v1/users/{user}/sessions",
    "GET /v1/users/{user}/logins",
  ],
  "change users": [
    "POST /v1/users:invite",
    "DELETE /v1/users/{user}",
    "POST /v1/users/{user}:disable",
    "POST /v1/users/{user}:enable",
    "DELETE /v1/users/{user}/sessions/{session}",
    "DELETE /v1/users/{user}/logins/{login}",
  ],
  "set quota": ["PATCH /v1/projects/{project}/quota"],
} as const;

/** Those that answer everybody who is logged in with what that caller may know. */
const open = new Set([
  "GET /v1/projects",
  "GET /v1/roles",
  "GET /v1/roles/{role}",
  // Whose permission is asked on whom depends on the body: impersonation.test.ts says who may.
  ...["generateAccessToken", "generateIdToken", "signJwt", "signBlob"].map((verb) => `POST ${account}:${verb}`),
  ...["/v1/projects/{project}", account, location, prefix, repository, organization].map(
    (path) => `POST ${path}:testIamPermissions`,
  ),
  // What there is, and not who has it.
  "POST /v1/permissions:queryTestablePermissions",
  // Of others it says nothing to those who may not read the policy: explain.test.ts.
  "POST /v1/iam:troubleshoot",
  "POST /v1/roles:queryGrantableRoles",
]);

const everything = Object.keys(verbs) as Verb[];
/** Asked on the whole server: who owns a project has none of it there. */
const above: readonly Verb[] = [
  "make project",
  "set quota",
  "read whole log",
  "change denials",
  "set constraints",
  "read policy for all",
  "write policy for all",
  "see constraints for all",
  "set constraints for all",
  "see groups",
  "change groups",
  "see users",
  "change users",
];
const inProject = everything.filter((verb) => !above.includes(verb));
const looking: readonly Verb[] = ["list artifact repositories", "list images", "see image"];
const changing: readonly Verb[] = ["delete image", "make tag", "move tag", "delete tag"];
const viewing: readonly Verb[] = [
  ...looking,
  "see artifact repository",
  "see project",
  "read policy",
  "see accounts",
  "read account policy",
  "see keys",
  "see pools",
  "read image policies",
  "see rules",
  "see settings",
  "see roles",
  "see denials",
  "see constraints",
];
const keyAdmin: readonly Verb[] = ["see project", "see accounts", "see keys", "change keys"];
const accountAdmin: readonly Verb[] = [
  "see project",
  "see accounts",
  "change accounts",
  "read account policy",
  "write account policy",
];

type Place = "installation" | "project" | "other project" | "account" | "location" | "prefix" | "repository";
type Row = readonly [who: string, role: string, on: Place, scope: keyof typeof scope | "none", can: readonly Verb[]];

const rows: readonly Row[] = [
  ["an owner of everything", "roles/owner", "installation", "cloudPlatform", everything],
  ["an owner", "roles/owner", "project", "cloudPlatform", inProject],
  ["an owner of another project", "roles/owner", "other project", "cloudPlatform", []],
  [
    "an owner with a read-only cloud token",
    "roles/owner",
    "project",
    "cloudPlatformReadOnly",
    [...viewing, "read log"],
  ],
  [
    "a viewer of everything",
    "roles/viewer",
    "installation",
    "cloudPlatform",
    [...viewing, "read policy for all", "see constraints for all", "see groups"],
  ],
  [
    "a group administrator",
    "roles/cloudidentity.groupsAdmin",
    "installation",
    "cloudPlatform",
    ["see groups", "change groups"],
  ],
  [
    "groups are for all: a project gives nobody them",
    "roles/cloudidentity.groupsAdmin",
    "project",
    "cloudPlatform",
    [],
  ],
  [
    "a constraint administrator",
    "roles/orgpolicy.policyAdmin",
    "installation",
    "cloudPlatform",
    ["see constraints", "set constraints", "see constraints for all", "set constraints for all"],
  ],
  [
    "a constraint administrator of a project lifts nothing",
    "roles/orgpolicy.policyAdmin",
    "project",
    "cloudPlatform",
    ["see constraints"],
  ],
  ["a deny administrator", "roles/iam.denyAdmin", "installation", "cloudPlatform", ["see denials", "change denials"]],
  [
    "a deny administrator of a project lifts nothing",
    "roles/iam.denyAdmin",
    "project",
    "cloudPlatform",
    ["see denials"],
  ],
  [
    "a role administrator",
    "roles/iam.roleAdmin",
    "project",
    "cloudPlatform",
    ["see project", "see roles", "change roles"],
  ],
  [
    "an owner with a token for images and their policies",
    "roles/owner",
    "project",
    "storageFullControl",
    ["read image policies", "write image policies", "clean up", ...looking, ...changing],
  ],
  [
    "an owner with a token for images",
    "roles/owner",
    "project",
    "storageReadWrite",
    ["clean up", ...looking, ...changing],
  ],
  ["an owner with a token for pulling", "roles/owner", "project", "storageReadOnly", looking],
  ["an owner with a token for impersonation", "roles/owner", "project", "iam", []],
  ["an owner with a token without scopes", "roles/owner", "project", "none", []],
  ["a viewer", "roles/viewer", "project", "cloudPlatform", viewing],
  [
    "an editor makes accounts, and neither keys nor policies",
    "roles/editor",
    "project",
    "cloudPlatform",
    [...viewing, ...changing, "change accounts", "clean up"],
  ],
  [
    "a policy administrator",
    "roles/resourcemanager.projectIamAdmin",
    "project",
    "cloudPlatform",
    ["see project", "read policy", "write policy"],
  ],
  ["an account administrator makes no keys", "roles/iam.serviceAccountAdmin", "project", "cloudPlatform", accountAdmin],
  ["a reader of the log", "roles/logging.viewer", "project", "cloudPlatform", ["see project", "read log"]],
  ["a key administrator", "roles/iam.serviceAccountKeyAdmin", "project", "cloudPlatform", keyAdmin],
  [
    "an administrator of outside identities",
    "roles/iam.workloadIdentityPoolAdmin",
    "project",
    "cloudPlatform",
    ["see project", "see pools", "change pools"],
  ],
  [
    "who may look at outside identities",
    "roles/iam.workloadIdentityPoolViewer",
    "project",
    "cloudPlatform",
    ["see project", "see pools"],
  ],
  ["a workload that may be an account", "roles/iam.workloadIdentityUser", "project", "cloudPlatform", ["see accounts"]],
  ["a token creator administers nothing", "roles/iam.serviceAccountTokenCreator", "project", "cloudPlatform", []],
  [
    "a storage administrator",
    "roles/storage.admin",
    "project",
    "cloudPlatform",
    [
      ...looking,
      ...changing,
      "see artifact repository",
      "read image policies",
      "write image policies",
      "see rules",
      "write rules",
      "clean up",
      "see settings",
      "change settings",
    ],
  ],
  [
    "a deleter cleans up",
    "roles/artifactregistry.repoAdmin",
    "project",
    "cloudPlatform",
    [...looking, ...changing, "see artifact repository", "see rules", "clean up"],
  ],
  [
    "a pusher sees rules",
    "roles/artifactregistry.writer",
    "project",
    "cloudPlatform",
    [...looking, "make tag", "move tag", "see artifact repository", "see rules"],
  ],
  [
    "a puller sees rules",
    "roles/storage.objectViewer",
    "project",
    "cloudPlatform",
    [...looking, "see artifact repository", "see rules"],
  ],
];

let world: World;
/** What stands for the names in a pattern. */
let things: Record<string, string>;
let places: Record<Place, ResourceKey>;

beforeAll(async () => {
  world = await startWorld();
  const { server, shop, other } = world;
  const pusher = await server.account(shop, "pusher", [[`project/${shop.id}`, "roles/storage.admin"]]);
  const image = smallImage("a");
  const { digest } = image;
  await pushImage(server, "shop/app", "latest", image, server.accessToken(pusher.account, pusher.key));
  await server.users.invite("ada@example.com");
  const repositoryId = await server.metadata.hot.repositoryId("default", shop.id, "app");
  const pool = await server.workloadIdentity.createPool(shop, "ci-pool", {});
  await server.workloadIdentity.createProvider(
    pool,
    "ci-provider",
    {},
    {
      issuerUri: "https://issuer.example",
      allowedAudiences: [],
      jwksJson: undefined,
      attributeMapping: { "google.subject": "assertion.sub" },
      attributeCondition: "",
    },
  );
  const role = await server.customRoles.create(shop, "pusher", {});
  const group = await server.groups.create("team@example.com", {});
  const { key: member } = await server.groups.addMember(group, "user:somebody@example.com");
  things = {
    "{customRole}": role.id.slice(role.id.lastIndexOf("/") + 1),
    "{group}": group.id,
    "{membership}": Buffer.from(member).toString("base64url"),
    "{organization}": "1",
    "{attachment}": "cloudresourcemanager.googleapis.com%2Fprojects%2Fshop",
    "{denyPolicy}": "nothing",
    "{prefix}": "team",
    "cp.{project}": `cp.${shop.id}`,
    "{project}": "shop",
    "{account}": pusher.account.email,
    "{user}": "ada@example.com",
    "{session}": "none",
    "{login}": "none",
    "{key}": pusher.key.private_key_id,
    "{pool}": "ci-pool",
    "{provider}": "ci-provider",
    "{location}": "default",
    "{repository}": "app",
    "{region}": "default",
    "{artifactRepository}": "default",
    "{package}": "app",
    "{version}": digest,
    "{tag}": "latest",
    "{image}": `app@${digest}`,
    "{operation}": "done",
    "{role}": "viewer",
    "{service}": "iam.googleapis.com",
  };
  places = {
    installation: "installation",
    project: `project/${shop.id}`,
    "other project": `project/${other.id}`,
    account: `serviceAccount/${pusher.account.id}`,
    location: `location/${shop.id}/default`,
    prefix: `prefix/${shop.id}/default/team`,
    repository: `repository/${repositoryId}`,
  };
}, 60_000);
afterAll(() => world.server.close());

const lineOf = ({ method, pattern }: { method: string; pattern: string }) => `${method} ${pattern}`;

test("every route is in the matrix", () => {
  const known = [...Object.values(verbs).flat(), ...open].sort();
  expect(googleRoutes.map(lineOf).sort()).toEqual(known);
});

/** With a parameter that nothing has: who is let in gets 400 for it, and nothing changes. */
async function isLetIn(send: Send, line: string): Promise<boolean> {
  const { status } = await send(
    `${Object.entries(things).reduce((text, [name, id]) => text.replace(name, id), line)}?no=1`,
  );
  expect([400, 403]).toContain(status);
  return status === 400;
}

describe("who may administer", () => {
  test.each(rows.map((row) => [...row] as const))(
    "%s (%s on the %s, scope %s)",
    async (_who, role, on, scopeName, can) => {
      const send = await world.as([[places[on], role]], scopeName === "none" ? [] : [scope[scopeName]]);
      const allowed: string[] = [];
      for (const line of googleRoutes.map(lineOf)) if (await isLetIn(send, line)) allowed.push(line);
      expect(allowed.sort()).toEqual([...open, ...can.flatMap((verb) => verbs[verb] as readonly string[])].sort());
    },
  );

  test("roles on one account, one location or one repository reach no further", async () => {
    const of = async (place: Place, role: string) => {
      const send = await world.as([[places[place], role]]);
      const lines = googleRoutes.map(lineOf).filter((line) => !open.has(line));
      const answers = await Promise.all(lines.map((line) => isLetIn(send, line)));
      return lines.filter((_, index) => answers[index]).sort();
    };
    const onAccount = [
      "see accounts",
      "change accounts",
      "read account policy",
      "write account policy",
      "see keys",
      "change keys",
    ] as const;
    const lines = onAccount
      .flatMap((verb) => verbs[verb] as readonly string[])
      .filter((line) => line.includes("{account}"));
    expect(await of("account", "roles/owner")).toEqual(lines.sort());
    const ofRules = ["GET", "PUT", "DELETE"].map((method) => `${method} ${repository}/rules`);
    const ofImage = (["see image", ...changing] as const).flatMap((verb) => verbs[verb] as readonly string[]);
    const ofPrefix = [`GET ${prefix}:getIamPolicy`, `POST ${prefix}:getIamPolicy`, `POST ${prefix}:setIamPolicy`];
    expect(await of("prefix", "roles/artifactregistry.admin")).toEqual(ofPrefix.sort());
    const onRepository = [
      ...ofRules,
      ...ofImage,
      `GET ${repository}:getIamPolicy`,
      `POST ${repository}:getIamPolicy`,
      `POST ${repository}:setIamPolicy`,
    ];
    expect(await of("repository", "roles/artifactregistry.admin")).toEqual(onRepository.sort());
    const onLocation = [
      ...verbs["read image policies"],
      ...verbs["write image policies"],
      ...ofRules,
      ...verbs["see artifact repository"],
      ...verbs["list images"],
      ...ofImage,
    ].sort();
    expect(await of("location", "roles/artifactregistry.admin")).toEqual(onLocation);
  });
});

describe("an id is bound to the project in the path", () => {
  test.each(googleRoutes.map(lineOf).filter((line) => /\{(?:account|pool)\}/.test(line) && !open.has(line)))(
    "%s",
    async (line) => {
      // By its owner's own project the account of another does not exist; by the other's path it is forbidden.
      const send = await world.as([[`project/${world.other.id}`, "roles/owner"]]);
      const foreign = Object.entries({ ...things, "{project}": "other" }).reduce(
        (text, [name, id]) => text.replace(name, id),
        line,
      );
      expect((await send(foreign)).status).toBe(404);
      if (line.includes("{account}")) expect((await send(foreign.replace("/other/", "/-/"))).status).toBe(403);
      expect((await send(foreign.replace("/other/", "/shop/"))).status).toBe(403);
    },
  );
});

describe("an image is bound to the project in the path", () => {
  const ofImages = googleRoutes.map(lineOf).filter((line) => /\{(?:package|image)\}/.test(line));
  test.each(ofImages)("%s", async (line) => {
    const send = await world.as([[`project/${world.other.id}`, "roles/owner"]]);
    const own = Object.entries({ ...things, "{project}": "other" }).reduce(
      (text, [name, id]) => text.replace(name, id),
      line,
    );
    const query = /^POST/.test(line) ? "?tagId=x" : "";
    const body = /^(?:POST|PATCH)/.test(line) ? { version: "x" } : undefined;
    expect((await send(`${own}${query}`, body)).status).toBe(404);
    expect((await send(`${own.replace("/other/", "/shop/")}${query}`, body)).status).toBe(403);
  });
});
