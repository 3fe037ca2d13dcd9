import { IssuerProcess } from "./issuer-process.ts";
import { startServer } from "./waybill.ts";

const subject = "repo:org/app:ref:refs/heads/main";

/** A server that believes an issuer: a project, an account with a role, and a workload that may be the account. */
export async function startFederatedWorld() {
  const issuer = await IssuerProcess.start();
  const server = await startServer({ serve: ["--private-issuers", issuer.host] });
  const { administer } = server;
  const project = "--project=book-shop";
  const pool = ["--workload-identity-pool=ci-pool", project];
  await administer("projects", "create", "book-shop");
  await administer("iam", "workload-identity-pools", "create", "ci-pool", project);
  const provider = await administer(
    ...["iam", "workload-identity-pools", "providers", "create-oidc", "ci-provider", ...pool, "--format=json"],
    `--issuer-uri=${issuer.url}`,
    "--attribute-mapping=google.subject=assertion.sub,attribute.repository=assertion.repository",
    "--attribute-condition=assertion.repository_owner == 'org'",
  );
  const { name } = JSON.parse(provider) as { name: string };
  await administer("iam", "service-accounts", "create", "robot", project);
  const email = "robot@book-shop.iam.waybill.internal";
  const poolName = name.replace(/\/providers\/.*$/, "");
  const workload = `principal://iam.googleapis.com/${poolName}/subject/${subject}`;
  const set = `principalSet://iam.googleapis.com/${poolName}/attribute.repository/org/app`;
  const viewer = "--role=roles/viewer";
  await administer("projects", "add-iam-policy-binding", "book-shop", `--member=serviceAccount:${email}`, viewer);
  await administer("projects", "add-iam-policy-binding", "book-shop", `--member=${workload}`, viewer);
  await administer(
    ...["iam", "service-accounts", "add-iam-policy-binding", email],
    `--member=${set}`,
    "--role=roles/iam.workloadIdentityUser",
  );
  return {
    server,
    issuer,
    email,
    provider: name,
    workload,
    /** The token that a job has. */
    subjectToken: () =>
      issuer.sign({
        sub: subject,
        aud: `https://iam.googleapis.com/${name}`,
        repository: "org/app",
        repository_owner: "org",
        // Longer than any run of these tests on a slow machine.
        exp: Math.floor(Date.now() / 1000) + 3600,
      }),
    /** Writes an external_account file with our command. */
    async credentials(file: string, ...flags: string[]): Promise<string> {
      const path = server.path(file);
      await administer("iam", "workload-identity-pools", "create-cred-config", name, `--output-file=${path}`, ...flags);
      return path;
    },
    async whoIs(token: string): Promise<string> {
      const response = await fetch(`${server.origin}/userinfo`, { headers: { authorization: `Bearer ${token}` } });
      const { sub, email: address } = (await response.json()) as { sub?: string; email?: string };
      return address ?? sub ?? "nobody";
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await issuer[Symbol.asyncDispose]();
    },
  };
}
