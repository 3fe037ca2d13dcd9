/** The real gcloud administers who may do what: conditions, roles of a project, and jobs that come from elsewhere. */
import { describe, expect } from "bun:test";
import { clientTest } from "./client-test.ts";
import { gcloudOf } from "./gcloud.ts";
import { startServer } from "./waybill.ts";

describe("the real gcloud administers", () => {
  clientTest("bindings with conditions, which stay what they are", ["gcloud"], async () => {
    await using server = await startServer();
    await server.administer("projects", "create", "book-shop");
    await using gcloud = await gcloudOf(server, server.path("admin.json"));
    const binding = (member: string, ...condition: string[]) => [
      ...["book-shop", `--member=user:${member}@example.com`, "--role=roles/artifactregistry.reader"],
      ...condition,
    ];
    const condition = { title: "until", expression: "request.time < timestamp('2030-01-01T00:00:00Z')" };
    const flag = `--condition=expression=${condition.expression},title=${condition.title}`;
    const reader = (member: string) => ({
      role: "roles/artifactregistry.reader",
      members: [`user:${member}@example.com`],
    });

    await gcloud.succeed("projects", "add-iam-policy-binding", ...binding("guest", flag));
    // A second binding of the same role leaves the first its condition.
    const both = await gcloud.json("projects", "add-iam-policy-binding", ...binding("friend", "--condition=None"));
    expect(both.bindings).toContainEqual({ ...reader("guest"), condition });
    expect(both.bindings).toContainEqual(reader("friend"));
    expect(both.version).toBe(3);
    expect(
      await gcloud.fail("projects", "remove-iam-policy-binding", ...binding("guest", "--condition=None")),
    ).toContain("not found");
    const after = await gcloud.json("projects", "remove-iam-policy-binding", ...binding("guest", flag));
    expect(after.bindings).toContainEqual(reader("friend"));
    expect(JSON.stringify(after)).not.toContain("guest");
  });

  clientTest("roles of a project", ["gcloud"], async () => {
    await using server = await startServer();
    await server.administer("projects", "create", "book-shop");
    await using gcloud = await gcloudOf(server, server.path("admin.json"));
    const roles = (verb: string, ...words: string[]) =>
      gcloud.json("iam", "roles", verb, "puller", "--project=book-shop", ...words);
    const permissions = ["artifactregistry.repositories.downloadArtifacts", "artifactregistry.tags.list"];
    const role = { name: "projects/book-shop/roles/puller", title: "Puller", includedPermissions: permissions };
    expect(await roles("create", "--title=Puller", `--permissions=${permissions}`, "--stage=GA")).toMatchObject(role);
    expect(await roles("update", "--add-permissions=artifactregistry.repositories.list")).toMatchObject({
      includedPermissions: [permissions[0], "artifactregistry.repositories.list", permissions[1]],
    });
    const granted = ["--member=user:guest@example.com", `--role=${role.name}`, "--condition=None"];
    const policy = await gcloud.json("projects", "add-iam-policy-binding", "book-shop", ...granted);
    expect(policy.bindings).toContainEqual({ role: role.name, members: ["user:guest@example.com"] });
    expect(await roles("delete")).toMatchObject({ deleted: true });
    expect(await gcloud.json("iam", "roles", "list", "--project=book-shop")).toEqual([]);
    await roles("undelete");
    expect(await roles("describe")).toMatchObject({ name: role.name });
  });

  clientTest("workload identity pools and their providers", ["gcloud"], async () => {
    await using server = await startServer();
    await server.administer("projects", "create", "book-shop");
    await using gcloud = await gcloudOf(server, server.path("admin.json"));
    const where = ["--location=global", "--project=book-shop"];
    const pools = (verb: string, ...words: string[]) =>
      gcloud.json("iam", "workload-identity-pools", verb, ...words, ...where);
    const providers = (verb: string, ...words: string[]) =>
      gcloud.json(
        "iam",
        "workload-identity-pools",
        "providers",
        verb,
        ...words,
        "--workload-identity-pool=jobs",
        ...where,
      );

    await pools("create", "jobs", "--display-name=Jobs");
    expect(await pools("describe", "jobs")).toMatchObject({ displayName: "Jobs", state: "ACTIVE" });
    await pools("update", "jobs", "--display-name=CI", "--disabled");
    expect(await pools("list")).toMatchObject([{ displayName: "CI", disabled: true }]);

    const mapping = "google.subject=assertion.sub,attribute.repository=assertion.repository";
    await providers(
      ...["create-oidc", "github", "--issuer-uri=https://token.actions.githubusercontent.com"],
      ...[`--attribute-mapping=${mapping}`, "--attribute-condition=assertion.repository_owner=='shop'"],
    );
    expect(await providers("describe", "github")).toMatchObject({
      attributeCondition: "assertion.repository_owner=='shop'",
      attributeMapping: { "google.subject": "assertion.sub" },
      oidc: { issuerUri: "https://token.actions.githubusercontent.com" },
    });
    await providers("update-oidc", "github", "--display-name=GitHub");
    expect(await providers("list")).toMatchObject([{ displayName: "GitHub" }]);
    await providers("delete", "github");
    expect(await providers("list")).toEqual([]);
    await pools("delete", "jobs");
    expect(await pools("list")).toEqual([]);
  });
});
