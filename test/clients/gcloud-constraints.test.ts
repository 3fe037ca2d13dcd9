/** The real gcloud sets what binds everybody: organization policies and deny policies. */
import { describe, expect } from "bun:test";
import { clientTest } from "./client-test.ts";
import { gcloudOf } from "./gcloud.ts";
import { startServer } from "./waybill.ts";

describe("the real gcloud administers", () => {
  clientTest("organization policies of a project and of the server", ["gcloud"], async () => {
    await using server = await startServer();
    await using gcloud = await gcloudOf(server, server.path("admin.json"));
    await server.administer("projects", "create", "book-shop");
    const policies = (...words: string[]) => ["resource-manager", "org-policies", ...words];
    const name = "constraints/iam.disableServiceAccountKeyCreation";
    await gcloud.succeed(...policies("enable-enforce", name, "--project=book-shop"));
    expect(await gcloud.json(...policies("describe", name, "--project=book-shop"))).toMatchObject({
      constraint: name,
      booleanPolicy: { enforced: true },
    });
    expect(await gcloud.json(...policies("list", "--project=book-shop"))).toMatchObject([{ constraint: name }]);
    await gcloud.succeed(...policies("disable-enforce", name, "--organization=1"));
    const effective = await gcloud.json(...policies("describe", name, "--project=book-shop", "--effective"));
    expect(effective.booleanPolicy).toEqual({ enforced: true });
    await gcloud.succeed(...policies("delete", name, "--project=book-shop"));
    await gcloud.succeed(...policies("allow", "iam.serviceAccountKeyExpiryHours", "24h", "--project=book-shop"));
    const hours = await gcloud.json(...policies("describe", "iam.serviceAccountKeyExpiryHours", "--project=book-shop"));
    expect(hours.listPolicy).toMatchObject({ allowedValues: ["24h"] });
  });

  clientTest("deny policies", ["gcloud"], async () => {
    await using server = await startServer();
    await using gcloud = await gcloudOf(server, server.path("admin.json"));
    await server.administer("projects", "create", "book-shop");
    const where = ["--attachment-point=cloudresourcemanager.googleapis.com/projects/book-shop", "--kind=denypolicies"];
    const rule = {
      deniedPrincipals: ["principalSet://goog/public:all"],
      deniedPermissions: ["artifactregistry.googleapis.com/repositories.deleteArtifacts"],
    };
    await Bun.write(
      gcloud.path("deny.json"),
      JSON.stringify({ displayName: "No deletes", rules: [{ denyRule: rule }] }),
    );
    await gcloud.succeed(
      "iam",
      "policies",
      "create",
      "no-deletes",
      ...where,
      `--policy-file=${gcloud.path("deny.json")}`,
    );
    expect(await gcloud.json("iam", "policies", "list", ...where)).toMatchObject({
      policies: [{ displayName: "No deletes" }],
    });
    const policy = await gcloud.json("iam", "policies", "get", "no-deletes", ...where);
    expect(policy.rules).toHaveLength(1);
    await gcloud.succeed("iam", "policies", "delete", "no-deletes", ...where);
  });
});
