/** Google's libraries and the real gcloud log in without a key, from a file that we write: nothing else is set. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { clientTest } from "./client-test.ts";
import { startFederatedWorld } from "./federated-world.ts";
import { googleAuthPython } from "./google-auth-python.ts";
import { Sandbox } from "./sandbox.ts";
import { installWaybill } from "./waybill.ts";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const platform = "https://www.googleapis.com/auth/cloud-platform";
const limitMilliseconds = 120_000;

let world: Awaited<ReturnType<typeof startFederatedWorld>>;
/** Where the job's token lies, for each way to come by it. */
let sources: Record<string, string[]>;
beforeAll(async () => {
  world = await startFederatedWorld();
  const { server, issuer, subjectToken } = world;
  const token = await subjectToken();
  await Bun.write(server.path("token"), token);
  await Bun.write(server.path("token.json"), JSON.stringify({ value: token }));
  const answer = {
    version: 1,
    success: true,
    token_type: "urn:ietf:params:oauth:token-type:jwt",
    id_token: token,
    expiration_time: Math.floor(Date.now() / 1000) + 3600,
  };
  await Bun.write(server.path("answer.json"), JSON.stringify(answer));
  await Bun.write(server.path("print-token"), `#!/bin/sh\ncat '${server.path("answer.json")}'\n`);
  await chmod(server.path("print-token"), 0o755);
  sources = {
    file: [`--credential-source-file=${server.path("token")}`],
    "JSON file": [
      `--credential-source-file=${server.path("token.json")}`,
      "--credential-source-type=json",
      "--credential-source-field-name=value",
    ],
    url: [`--credential-source-url=${issuer.url}/token`, "--credential-source-headers=Metadata=True,X-Job=7"],
    executable: [`--executable-command=${server.path("print-token")}`],
  };
  await issuer.keep(token);
}, limitMilliseconds);
afterAll(() => world[Symbol.asyncDispose]());

const impersonation = () => ["--service-account", world.email, "--service-account-token-lifetime-seconds=1200"];

describe("Node's google-auth-library", () => {
  // As application default credentials: nothing but the file is named, and nobody else is asked.
  const script = `
    const { GoogleAuth } = await import("google-auth-library");
    console.log(await new GoogleAuth({ scopes: "${platform}" }).getAccessToken());
  `;
  const tokenOf = async (file: string) => {
    const env = {
      PATH: process.env.PATH ?? "",
      GOOGLE_APPLICATION_CREDENTIALS: file,
      GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: "1",
      METADATA_SERVER_DETECTION: "none",
    };
    const child = Bun.spawn([process.execPath, "-e", script], { cwd: repository, env, stderr: "pipe" });
    const [token, errors] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    if (token === "") throw new Error(errors);
    return token.trim();
  };

  test.each(["file", "JSON file", "url", "executable"])(
    "logs in with a token from a %s, as itself and as a service account",
    async (source) => {
      const flags = sources[source] ?? [];
      const own = await world.credentials(`own-${source}.json`, ...flags);
      expect(await world.whoIs(await tokenOf(own))).toBe(world.workload);
      const account = await world.credentials(`account-${source}.json`, ...flags, ...impersonation());
      expect(await world.whoIs(await tokenOf(account))).toBe(world.email);
    },
    limitMilliseconds,
  );
});

describe("our own helper", () => {
  test(
    "gives Docker a token of the account that the job may be",
    async () => {
      const { server, email, provider } = world;
      await using sandbox = await Sandbox.create({
        env: {
          WAYBILL_WORKLOAD_IDENTITY_AUDIENCE: `//iam.googleapis.com/${provider}`,
          WAYBILL_WORKLOAD_IDENTITY_TOKEN_URL: `${server.origin}/v1/token`,
          WAYBILL_WORKLOAD_IDENTITY_TOKEN_FILE: server.path("token"),
          WAYBILL_WORKLOAD_IDENTITY_SERVICE_ACCOUNT: email,
        },
      });
      await installWaybill(sandbox);
      const answer = await sandbox.succeed(["docker-credential-waybill", "get"], { input: server.host });
      expect(await world.whoIs(JSON.parse(answer).Secret)).toBe(email);
    },
    limitMilliseconds,
  );
});

describe("Python's google-auth", () => {
  const script = `
import sys, google.auth, google.auth.transport.requests
credentials, _ = google.auth.load_credentials_from_file(sys.argv[1], scopes=["${platform}"])
credentials.refresh(google.auth.transport.requests.Request())
print(credentials.token)
`;
  clientTest("logs in, as itself and as a service account", ["python with google-auth"], async () => {
    await using sandbox = await Sandbox.create({ env: { GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: "1" } });
    for (const [source, flags] of Object.entries(sources)) {
      const own = await world.credentials(`python-own-${source}.json`, ...flags);
      const account = await world.credentials(`python-account-${source}.json`, ...flags, ...impersonation());
      const tokenOf = (file: string) => sandbox.succeed([googleAuthPython() ?? "", "-c", script, file]);
      expect(await world.whoIs(await tokenOf(own))).toBe(world.workload);
      expect(await world.whoIs(await tokenOf(account))).toBe(world.email);
    }
  });
});

describe("the real gcloud", () => {
  const overrides = () =>
    Object.fromEntries(
      ["IAM", "IAMCREDENTIALS", "CLOUDRESOURCEMANAGER"].map((api) => [
        `CLOUDSDK_API_ENDPOINT_OVERRIDES_${api}`,
        `${world.server.origin}/`,
      ]),
    );

  clientTest("logs in from such a file, and acts as itself and as a service account", ["gcloud"], async () => {
    for (const flags of [[], impersonation()]) {
      await using sandbox = await Sandbox.create({ env: overrides() });
      const file = await world.credentials("gcloud.json", ...(sources.file ?? []), ...flags);
      await sandbox.succeed(["gcloud", "auth", "login", `--cred-file=${file}`, "--quiet"]);
      const token = await sandbox.succeed(["gcloud", "auth", "print-access-token"]);
      expect(await world.whoIs(token)).toBe(flags.length === 0 ? world.workload : world.email);
      const described = await sandbox.succeed(["gcloud", "projects", "describe", "book-shop", "--format=json"]);
      expect(JSON.parse(described)).toMatchObject({ projectId: "book-shop" });
    }
  });

  clientTest("becomes another account, over delegates too, and gets its id_token", ["gcloud"], async () => {
    const { server, email } = world;
    await using sandbox = await Sandbox.create({ env: overrides() });
    await sandbox.succeed(["gcloud", "auth", "activate-service-account", `--key-file=${server.path("admin.json")}`]);
    const impersonate = `--impersonate-service-account=${email}`;
    const token = await sandbox.succeed(["gcloud", "auth", "print-access-token", impersonate, "--lifetime=43200s"]);
    expect(await world.whoIs(token)).toBe(email);
    const audience = "--audiences=https://them.example";
    const words = ["gcloud", "auth", "print-identity-token", impersonate, audience, "--include-email"];
    const [, payload = ""] = (await sandbox.succeed(words)).split(".");
    expect(JSON.parse(Buffer.from(payload, "base64url").toString())).toMatchObject({
      aud: "https://them.example",
      email,
      email_verified: true,
    });
    await server.administer("iam", "service-accounts", "create", "deputy", "--project=book-shop");
    const deputy = email.replace("robot", "deputy");
    const over = [`--impersonate-service-account=${deputy},${email}`];
    expect(await sandbox.fail(["gcloud", "auth", "print-access-token", ...over])).toContain("PERMISSION_DENIED");
    const binding = [`--member=serviceAccount:${deputy}`, "--role=roles/iam.serviceAccountTokenCreator"];
    await server.administer("iam", "service-accounts", "add-iam-policy-binding", email, ...binding);
    expect(await world.whoIs(await sandbox.succeed(["gcloud", "auth", "print-access-token", ...over]))).toBe(email);
  });

  clientTest("administers pools and providers", ["gcloud"], async () => {
    const { server, issuer } = world;
    await using sandbox = await Sandbox.create({ env: overrides() });
    await sandbox.succeed(["gcloud", "auth", "activate-service-account", `--key-file=${server.path("admin.json")}`]);
    const place = ["--location=global", "--project=book-shop", "--quiet"];
    const run = (...words: string[]) =>
      sandbox.succeed(["gcloud", "iam", "workload-identity-pools", ...words, ...place]);
    const json = async (...words: string[]) => JSON.parse(await run(...words, "--format=json"));

    await run("create", "gcloud-pool", "--display-name=Pool", "--description=made by gcloud");
    expect(await json("list")).toContainEqual(expect.objectContaining({ displayName: "Pool", state: "ACTIVE" }));
    await run("update", "gcloud-pool", "--display-name=Other", "--disabled");
    expect(await json("describe", "gcloud-pool")).toMatchObject({ displayName: "Other", disabled: true });

    const pool = "--workload-identity-pool=gcloud-pool";
    const mapping = "--attribute-mapping=google.subject=assertion.sub,attribute.repository=assertion.repository";
    const flags = [pool, `--issuer-uri=${issuer.url}`, mapping, "--attribute-condition=assertion.sub != ''"];
    await run("providers", "create-oidc", "gcloud-provider", ...flags, "--allowed-audiences=one,two");
    expect(await json("providers", "describe", "gcloud-provider", pool)).toMatchObject({
      attributeMapping: { "google.subject": "assertion.sub", "attribute.repository": "assertion.repository" },
      oidc: { issuerUri: issuer.url, allowedAudiences: ["one", "two"] },
    });
    await run("providers", "update-oidc", "gcloud-provider", pool, "--allowed-audiences=three", "--disabled");
    expect(await json("providers", "list", pool)).toMatchObject([
      { disabled: true, oidc: { allowedAudiences: ["three"] } },
    ]);
    await run("providers", "delete", "gcloud-provider", pool);
    expect(await json("providers", "list", pool)).toEqual([]);
    expect(await json("providers", "list", pool, "--show-deleted")).toHaveLength(1);
    await run("providers", "undelete", "gcloud-provider", pool);
    await run("delete", "gcloud-pool");
    expect(await json("describe", "gcloud-pool")).toMatchObject({ state: "DELETED" });
    await run("undelete", "gcloud-pool");
    expect(await json("describe", "gcloud-pool")).toMatchObject({ state: "ACTIVE" });
  });
});
