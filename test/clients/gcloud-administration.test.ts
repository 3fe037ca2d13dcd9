/** The real gcloud administers our server: projects, policies, service accounts and keys, with an owner's key. */
import { describe, expect } from "bun:test";
import { stat } from "node:fs/promises";
import { clientTest } from "./client-test.ts";
import { gcloudOf } from "./gcloud.ts";
import { startServer } from "./waybill.ts";

const accounts = (...words: string[]) => ["iam", "service-accounts", ...words, "--project=book-shop"];
const email = "robot@book-shop.iam.waybill.internal";

describe("the real gcloud administers", () => {
  clientTest("projects", ["gcloud"], async () => {
    await using server = await startServer();
    await using gcloud = await gcloudOf(server, server.path("admin.json"));

    await gcloud.succeed("projects", "create", "book-shop", "--name=Shop");
    // gcloud makes no domain-scoped project, and administers those that are there.
    await server.administer("projects", "create", "example.com:book-shop");
    expect((await gcloud.json("projects", "list")).map(({ projectId }: { projectId: string }) => projectId)).toEqual(
      expect.arrayContaining(["book-shop", "example.com:book-shop"]),
    );
    expect(await gcloud.json("projects", "list", "--filter=projectId:example*")).toHaveLength(1);
    const shop = await gcloud.json("projects", "describe", "book-shop");
    expect(shop).toMatchObject({ projectId: "book-shop", name: "Shop", lifecycleState: "ACTIVE" });
    expect(await gcloud.json("projects", "describe", shop.projectNumber)).toEqual(shop);
    expect(await gcloud.fail("projects", "create", "book-shop")).toContain("already");
    await gcloud.succeed("projects", "delete", "example.com:book-shop");
    expect(await gcloud.fail("projects", "describe", "example.com:book-shop")).toContain("does not exist");
  });

  clientTest("policies of projects", ["gcloud"], async () => {
    await using server = await startServer();
    await using gcloud = await gcloudOf(server, server.path("admin.json"));
    for (const project of ["book-shop", "example.com:book-shop"])
      await server.administer("projects", "create", project);

    for (const project of ["book-shop", "example.com:book-shop"]) {
      const binding = ["--member=user:reader@example.com", "--role=roles/viewer"];
      const added = await gcloud.json("projects", "add-iam-policy-binding", project, ...binding);
      expect(added.bindings).toContainEqual({ role: "roles/viewer", members: ["user:reader@example.com"] });
      expect(await gcloud.json("projects", "get-iam-policy", project)).toEqual(added);
      const removed = await gcloud.json("projects", "remove-iam-policy-binding", project, ...binding);
      expect(JSON.stringify(removed.bindings)).not.toContain("reader@example.com");
    }

    const policy = await gcloud.json("projects", "get-iam-policy", "book-shop");
    await Bun.write(gcloud.path("policy.json"), JSON.stringify(policy));
    expect((await gcloud.json("projects", "set-iam-policy", "book-shop", gcloud.path("policy.json"))).bindings).toEqual(
      policy.bindings,
    );
    expect(await gcloud.fail("projects", "set-iam-policy", "book-shop", gcloud.path("policy.json"))).toMatch(
      /concurrent policy changes/,
    );
  });

  clientTest("service accounts and their policies", ["gcloud"], async () => {
    await using server = await startServer();
    await using gcloud = await gcloudOf(server, server.path("admin.json"));
    await server.administer("projects", "create", "book-shop");
    await gcloud.succeed(...accounts("create", "robot", "--display-name=Robot"));
    expect(await gcloud.json(...accounts("list"))).toMatchObject([
      { email, displayName: "Robot", projectId: "book-shop" },
    ]);
    await gcloud.succeed(...accounts("update", email, "--display-name=Rob"));
    expect(await gcloud.json(...accounts("describe", email))).toMatchObject({ email, displayName: "Rob" });
    const grant = ["--member=domain:example.com", "--role=roles/iam.serviceAccountTokenCreator"];
    await gcloud.succeed(...accounts("add-iam-policy-binding", email, ...grant));
    const policy = await gcloud.json(...accounts("get-iam-policy", email));
    expect(policy.bindings).toHaveLength(1);
    await Bun.write(gcloud.path("policy.json"), JSON.stringify({ ...policy, bindings: [] }));
    expect(await gcloud.json(...accounts("set-iam-policy", email, gcloud.path("policy.json")))).not.toHaveProperty(
      "bindings.0",
    );
    expect(await gcloud.fail(...accounts("set-iam-policy", email, gcloud.path("policy.json")))).toMatch(
      /etag|concurrent/,
    );
    await gcloud.succeed(...accounts("delete", email));
    expect(await gcloud.json(...accounts("list"))).toEqual([]);
  });

  clientTest("keys of service accounts", ["gcloud", "openssl"], async () => {
    await using server = await startServer();
    await using gcloud = await gcloudOf(server, server.path("admin.json"));
    const account = `--iam-account=${email}`;
    await server.administer("projects", "create", "book-shop");
    await server.administer("iam", "service-accounts", "create", "robot", "--project=book-shop");
    const file = gcloud.path("robot.json");
    const { stderr } = await gcloud.run(...accounts("keys", "create", file, account));
    const { private_key_id: keyId, token_uri } = await Bun.file(file).json();
    expect(stderr).toContain(`created key [${keyId}] of type [json] as [${file}] for [${email}]`);
    expect(token_uri).toBe(`${server.origin}/token`);
    expect((await stat(file)).mode & 0o077).toBe(0);
    expect(await gcloud.json(...accounts("keys", "list", account))).toMatchObject([{ keyType: "USER_MANAGED" }]);
    const [certificate, key] = [gcloud.path("robot.pem"), gcloud.path("robot.key")];
    const request = [
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      "/CN=robot",
      "-out",
      certificate,
      "-keyout",
      key,
    ];
    await gcloud.sandbox.succeed(["openssl", "req", ...request]);
    const uploaded = await gcloud.json(...accounts("keys", "upload", certificate, account));
    expect(uploaded).toMatchObject({ keyOrigin: "USER_PROVIDED" });
    await gcloud.succeed(...accounts("keys", "delete", uploaded.name.split("/").at(-1), account));

    await using robot = await gcloudOf(server, file);
    expect(await robot.json("projects", "list")).toEqual([]);
    expect(await robot.fail("projects", "describe", "book-shop")).toContain(
      `serviceAccount:${email} does not have the permission`,
    );
    const viewer = [`--member=serviceAccount:${email}`, "--role=roles/viewer"];
    await server.administer("projects", "add-iam-policy-binding", "book-shop", ...viewer);
    expect(await robot.json("projects", "list")).toHaveLength(1);

    await gcloud.succeed(...accounts("keys", "disable", keyId, account));
    expect(await robot.fail("projects", "list")).toContain("disabled or deleted");
    await gcloud.succeed(...accounts("keys", "enable", keyId, account));
    expect(await robot.json("projects", "list")).toHaveLength(1);
    await gcloud.succeed(...accounts("disable", email));
    expect(await robot.fail("projects", "list")).toContain("disabled or deleted");
    await gcloud.succeed(...accounts("enable", email));
    await gcloud.succeed(...accounts("keys", "delete", keyId, account));
    expect(await gcloud.json(...accounts("keys", "list", account))).toEqual([]);
  });

  clientTest("roles", ["gcloud"], async () => {
    await using server = await startServer();
    await using gcloud = await gcloudOf(server, server.path("admin.json"));
    const roles = await gcloud.json("iam", "roles", "list");
    expect(roles).toContainEqual(expect.objectContaining({ name: "roles/storage.objectViewer" }));
    const role = await gcloud.json("iam", "roles", "describe", "roles/viewer");
    expect(role.includedPermissions).toContain("resourcemanager.projects.get");
  });

  clientTest("whom it is by impersonation", ["gcloud"], async () => {
    await using server = await startServer();
    await using gcloud = await gcloudOf(server, server.path("admin.json"));
    await server.administer("projects", "create", "book-shop");
    await server.administer("iam", "service-accounts", "create", "robot", "--project=book-shop");
    const as = `--impersonate-service-account=${email}`;

    const token = await gcloud.succeed("auth", "print-access-token", as, "--lifetime=600s");
    const headers = { authorization: `Bearer ${token.split("\n").at(-1)}` };
    const answer = await fetch(`${server.origin}/v1/projects/book-shop`, { headers });
    expect(await answer.text()).toContain(`serviceAccount:${email} does not have the permission`);

    const claims = (jwt: string) => JSON.parse(Buffer.from(jwt.split(".")[1] ?? "", "base64url").toString());
    const audience = "--audiences=https://run.test";
    const own = claims(await gcloud.succeed("auth", "print-identity-token", audience));
    expect(own).toMatchObject({ aud: "https://run.test" });
    const impersonated = await gcloud.succeed("auth", "print-identity-token", audience, as, "--include-email");
    expect(claims(impersonated)).toMatchObject({ aud: "https://run.test", email });

    await server.administer("iam", "service-accounts", "disable", email);
    expect(await gcloud.fail("auth", "print-access-token", as)).toMatch(/disabled|denied|does not have/i);
  });
});
