/** The recipes of docs/workload-identity.md, as they stand there, with tokens shaped like the real ones. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { audienceOf } from "../../../src/identity/federation/workload-identity.ts";
import { scope } from "../../../src/identity/scopes.ts";
import type { ProjectRow } from "../../../src/storage/metadata/projects.ts";
import type { PoolRow } from "../../../src/storage/metadata/workload-identity.ts";
import { bearer, startTestServer, type TestServer } from "../../server.ts";
import { Issuer } from "./issuer.ts";

const text = readFileSync(join(import.meta.dir, "../../../docs/workload-identity.md"), "utf8");

/** The commands of one section. */
function recipe(heading: string) {
  const section = text.split(/^## /m).find((each) => each.startsWith(`${heading}\n`)) ?? "";
  const commands = [...section.matchAll(/^\$ (waybill (?:.|\n)*?[^\\])$/gm)].map(([, line = ""]) => line);
  const flag = (command: string, name: string) => {
    const [, quoted, plain] = new RegExp(`--${name}=(?:"([^"]*)"|(\\S+))`).exec(command) ?? [];
    return quoted ?? plain;
  };
  const create = commands.find((each) => each.includes("create-oidc")) ?? "";
  const grant = commands.find((each) => each.includes("add-iam-policy-binding")) ?? "";
  const mapping = flag(create, "attribute-mapping") ?? "";
  return {
    name: /create-oidc (\S+)/.exec(create)?.[1] ?? "",
    issuerUri: flag(create, "issuer-uri") ?? "",
    uploaded: flag(create, "jwk-json-path") !== undefined,
    allowedAudiences: flag(create, "allowed-audiences")?.split(",") ?? [],
    attributeMapping: Object.fromEntries(
      mapping
        .split(/,(?=google\.|attribute\.)/)
        .map((each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)]),
    ),
    attributeCondition: flag(create, "attribute-condition") ?? "",
    member: flag(grant, "member") ?? "",
    role: flag(grant, "role") ?? "",
  };
}

/** A platform's token for a job that is ours, and how one of somebody else's differs. */
const platforms: [string, object, [string, object][]][] = [
  [
    "GitHub Actions",
    {
      jti: "a1b2c3d4",
      sub: "repo:octo-org/octo-repo:ref:refs/heads/main",
      ref: "refs/heads/main",
      sha: "2c26b46b68ffc68ff99b453c1d30413413422d70",
      repository: "octo-org/octo-repo",
      repository_owner: "octo-org",
      repository_owner_id: "65",
      repository_id: "74",
      repository_visibility: "private",
      actor: "octocat",
      actor_id: "12",
      run_id: "1234567890",
      run_number: "10",
      run_attempt: "2",
      runner_environment: "github-hosted",
      workflow: "build",
      head_ref: "",
      base_ref: "",
      event_name: "push",
      ref_type: "branch",
      job_workflow_ref: "octo-org/octo-repo/.github/workflows/build.yml@refs/heads/main",
    },
    [
      ["another organization", { repository_owner_id: "66" }],
      ["another repository of the organization", { repository: "octo-org/other" }],
    ],
  ],
  [
    "GitLab",
    {
      jti: "235b3a54-b797-45c7-ae9a-f72d7bc6ef5b",
      sub: "project_path:my-group/my-project:ref_type:branch:ref:main",
      namespace_id: "72",
      namespace_path: "my-group",
      project_id: "20",
      project_path: "my-group/my-project",
      user_id: "1",
      user_login: "sample-user",
      user_email: "sample-user@example.com",
      pipeline_id: "574",
      pipeline_source: "push",
      job_id: "302",
      ref: "main",
      ref_type: "branch",
      ref_path: "refs/heads/main",
      ref_protected: "true",
      runner_id: 1,
      runner_environment: "gitlab-hosted",
      sha: "714a629c0b401fdce83e847fc9589983fc6f46bc",
      project_visibility: "private",
      ci_config_ref_uri: "gitlab.com/my-group/my-project//.gitlab-ci.yml@refs/heads/main",
    },
    [
      ["another namespace", { namespace_id: "73" }],
      ["a branch that is not protected", { ref_protected: "false" }],
      ["another project", { project_path: "my-group/other" }],
    ],
  ],
  [
    "Kubernetes",
    {
      sub: "system:serviceaccount:build:pusher",
      "kubernetes.io": {
        namespace: "build",
        node: { name: "node-1", uid: "7e1c2b9a" },
        pod: { name: "pusher-7d4b9c-x2x9k", uid: "2ef0a5b0" },
        serviceaccount: { name: "pusher", uid: "9f1c3c4e" },
        warnafter: 1,
      },
    },
    [["another service account", { sub: "system:serviceaccount:build:other" }]],
  ],
  [
    "Any OpenID Connect issuer",
    { sub: "machine-7", groups: ["builders", "everybody"] },
    [["another group", { groups: ["everybody"] }]],
  ],
];

let server: TestServer;
let issuer: Issuer;
let project: ProjectRow;
let pool: PoolRow;
let robot: string;
beforeAll(async () => {
  issuer = new Issuer();
  server = await startTestServer({}, "127.0.0.1", {}, [issuer.host]);
  project = await server.project("my-project");
  pool = await server.workloadIdentity.createPool(project, "ci-pool", {});
  const { account } = await server.account(project, "pusher", [[`project/${project.id}`, "roles/viewer"]]);
  robot = account.email;
});
afterAll(async () => {
  issuer[Symbol.dispose]();
  await server.close();
});

describe("the recipe for", () => {
  test.each(platforms)("%s lets its job become the account, and nobody else's", async (heading, claims, others) => {
    const { name, issuerUri, uploaded, member, role, ...settings } = recipe(heading);
    expect(issuerUri).toStartWith("https://");
    // The real issuers are not here: one that runs here speaks for them, or its uploaded keys do.
    const iss = uploaded ? issuerUri : issuer.url;
    const jwksJson = uploaded ? JSON.stringify(issuer.jwks()) : undefined;
    const provider = await server.workloadIdentity.createProvider(
      pool,
      name,
      {},
      { ...settings, issuerUri: iss, jwksJson },
    );
    const binding = { role, members: [member.replace("$NUMBER", project.id)] };
    const account = await server.serviceAccounts.find(robot);
    await server.policies.set(`serviceAccount/${account?.id}`, { bindings: [binding] });

    const become = async (change: object) => {
      const aud = settings.allowedAudiences[0] ?? `https:${audienceOf(pool, provider)}`;
      const subjectToken = issuer.sign({ iss, aud, ...claims, ...change }, server.clock.now);
      const body = new URLSearchParams({
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        audience: audienceOf(pool, provider),
        scope: scope.iam,
        subject_token: subjectToken,
        subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      });
      const exchanged = await server.fetch("/v1/token", { method: "POST", body });
      if (exchanged.status !== 200) return exchanged.status;
      const { access_token: token } = (await exchanged.json()) as { access_token: string };
      const asked = await server.fetch(`/v1/projects/-/serviceAccounts/${robot}:generateAccessToken`, {
        method: "POST",
        headers: { ...bearer(token), "content-type": "application/json" },
        body: JSON.stringify({ scope: [scope.cloudPlatform] }),
      });
      if (asked.status !== 200) return asked.status;
      const { accessToken } = (await asked.json()) as { accessToken: string };
      return (await server.fetch("/v1/projects/my-project", { headers: bearer(accessToken) })).status;
    };
    expect(await become({})).toBe(200);
    for (const [, change] of others) expect([400, 403]).toContain(await become(change));
    expect(await become({ aud: "https://elsewhere.example" })).toBe(400);
  });
});
