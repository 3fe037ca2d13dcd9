import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Issuer } from "../identity/federation/issuer.ts";
import { type AdministeredServer, startAdministeredServer } from "./administered-server.ts";

let server: AdministeredServer;
beforeAll(async () => {
  server = await startAdministeredServer();
  await run("projects create shop");
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const run = (line: string) => server.waybill(line.split(" "));
const done = { exitCode: 0, stdout: "" };
const pools = "iam workload-identity-pools";
const limitMilliseconds = 60_000;

test(
  "pools and providers: create, list, describe, update, delete and undelete",
  async () => {
    expect(await run(`${pools} create ci-pool --project=shop --display-name=CI`)).toEqual({
      ...done,
      stderr: "Created workload identity pool [ci-pool].\n",
    });
    expect((await run(`${pools} list --project=shop`)).stdout).toBe(
      "POOL     DISPLAY NAME  STATE   DISABLED\nci-pool  CI            ACTIVE  False\n",
    );
    expect((await run(`${pools} update ci-pool --project=shop --disabled`)).exitCode).toBe(0);
    const described = await run(`${pools} describe ci-pool --project=shop --format=json`);
    expect(JSON.parse(described.stdout)).toMatchObject({ displayName: "CI", disabled: true });

    using issuer = new Issuer();
    const keys = server.home.write("jwks.json", JSON.stringify(issuer.jwks()));
    const of = "--workload-identity-pool=ci-pool --project=shop";
    const mapping = "--attribute-mapping=google.subject=assertion.sub,attribute.both=[assertion.a,assertion.b][0]";
    const settings = `--issuer-uri=https://issuer.example ${mapping} --jwk-json-path=${keys} --allowed-audiences=a,b`;
    const created = await run(`${pools} providers create-oidc ci-provider ${of} ${settings}`);
    expect(created).toEqual({ ...done, stderr: "Created workload identity pool provider [ci-provider].\n" });
    const provider = async () =>
      JSON.parse((await run(`${pools} providers describe ci-provider ${of} --format=json`)).stdout);
    expect(await provider()).toMatchObject({
      // A comma inside an expression ends nothing.
      attributeMapping: { "google.subject": "assertion.sub", "attribute.both": "[assertion.a,assertion.b][0]" },
      oidc: {
        issuerUri: "https://issuer.example",
        allowedAudiences: ["a", "b"],
        jwksJson: JSON.stringify(issuer.jwks()),
      },
    });
    const condition = "--attribute-condition=assertion.sub=='x'";
    expect(
      (await run(`${pools} providers update-oidc ci-provider ${of} ${condition} --allowed-audiences=c`)).exitCode,
    ).toBe(0);
    expect(await provider()).toMatchObject({
      attributeCondition: "assertion.sub=='x'",
      oidc: { issuerUri: "https://issuer.example", allowedAudiences: ["c"] },
    });
    expect((await run(`${pools} providers delete ci-provider ${of} --quiet`)).exitCode).toBe(0);
    expect((await run(`${pools} providers list ${of}`)).stderr).toBe("Listed 0 items.\n");
    expect((await run(`${pools} providers list ${of} --show-deleted`)).stdout).toContain("DELETED");
    expect((await run(`${pools} providers undelete ci-provider ${of}`)).exitCode).toBe(0);
    expect((await run(`${pools} delete ci-pool --project=shop --quiet`)).exitCode).toBe(0);
    const again = await run(`${pools} create ci-pool --project=shop`);
    expect(again).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("names are not used again") });
    expect((await run(`${pools} undelete ci-pool --project=shop`)).exitCode).toBe(0);
  },
  limitMilliseconds,
);

describe("create-cred-config", () => {
  const name = "projects/123/locations/global/workloadIdentityPools/ci-pool/providers/ci-provider";

  test("writes what is read, where it is exchanged, and for which account", async () => {
    const file = server.home.path("credentials.json");
    const flags = "--executable-command=/bin/token --executable-timeout-millis=5000 --service-account=a@b";
    const line = `${pools} create-cred-config ${name} --output-file=${file} ${flags}`;
    expect(await run(line)).toEqual({ ...done, stderr: `Created credential configuration file [${file}].\n` });
    expect(await Bun.file(file).json()).toEqual({
      universe_domain: "googleapis.com",
      type: "external_account",
      audience: `//iam.googleapis.com/${name.replace("projects", "project")}`,
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      token_url: `${server.origin}/v1/token`,
      credential_source: { executable: { command: "/bin/token", timeout_millis: 5000 } },
      service_account_impersonation_url: `${server.origin}/v1/projects/-/serviceAccounts/a@b:generateAccessToken`,
    });
  });

  test.each([
    [`create-cred-config projects/x --output-file=f --credential-source-file=t`, "names no provider"],
    [`create-cred-config ${name} --credential-source-file=t`, "--output-file is missing"],
    [`create-cred-config ${name} --output-file=f`, "give one of"],
    [`create-cred-config ${name} --output-file=f --credential-source-file=t --credential-source-url=u`, "give one of"],
    [
      `create-cred-config ${name} --output-file=f --credential-source-file=t --credential-source-type=json`,
      "--credential-source-field-name is missing",
    ],
    [
      `create-cred-config ${name} --output-file=f --credential-source-url=u --credential-source-headers=x`,
      "is no header",
    ],
    ["create", "POOL is missing"],
    ["create ci", "--project is missing"],
    ["update ci --project=shop", "nothing is to be changed"],
    ["update ci --project=shop --disabled --no-disabled", "give either"],
    ["providers list --project=shop", "--workload-identity-pool is missing"],
    ["providers create-oidc p --workload-identity-pool=x --project=shop", "--issuer-uri is missing"],
  ])("%s is wrong usage", async (line, message) => {
    const { exitCode, stderr } = await run(`${pools} ${line}`);
    expect(stderr).toContain(message);
    expect(exitCode).toBe(2);
  });
});
