/**
 * `npm run test:conformance`: the official conformance program of distribution-spec against a server process of our own, over an
 * account that logs in with an access token. Everything must pass; what a version of the specification leaves out by default is
 * switched on as well, but for sparse indexes, which the specification lets a registry refuse.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildGoProgram, type GoProgram, goMissing } from "../clients/go-program.ts";
import { type Server, startServer } from "../clients/waybill.ts";
import { readReport } from "./report.ts";

const program: GoProgram = {
  name: "conformance",
  module: "github.com/opencontainers/distribution-spec/conformance@v0.0.0-20260831232431-97274622c111",
};
const versions = ["1.1", "dev"];
const project = "conformance";

/** On in the development version; off in 1.1, which did not have them. */
const laterFeatures = {
  OCI_API_BLOBS_UPLOAD_CANCEL: "true",
  OCI_API_BLOBS_DIGEST_HEADER: "true",
  OCI_API_MANIFESTS_DIGEST_HEADER: "true",
  OCI_API_MANIFESTS_TAG_PARAM: "true",
};

const skipped = goMissing();
if (skipped !== undefined) {
  console.log(`${skipped}\n0 passed, 0 failed, ${versions.length} skipped`);
  process.exit(0);
}
process.exit((await run()) ? 0 : 1);

async function run(): Promise<boolean> {
  const path = await buildGoProgram(program);
  await using server = await startServer();
  const token = await makeAccount(server);
  let failed = 0;
  for (const version of versions) if (!(await conforms(path, server, token, version))) failed += 1;
  console.log(`${versions.length - failed} passed, ${failed} failed`);
  return failed === 0;
}

/** An account that may do with the project's images whatever can be done, and its token. */
async function makeAccount({ administer, path }: Server): Promise<string> {
  await administer("projects", "create", project);
  const { email } = JSON.parse(
    await administer("iam", "service-accounts", "create", "tester", `--project=${project}`, "--format=json"),
  ) as { email: string };
  const binding = [`--member=serviceAccount:${email}`, "--role=roles/artifactregistry.repoAdmin"];
  await administer("projects", "add-iam-policy-binding", project, ...binding);
  const key = path("tester.json");
  await administer("iam", "service-accounts", "keys", "create", key, `--iam-account=${email}`);
  const scopes = "--scopes=devstorage.read_write";
  return (await administer("auth", "print-access-token", `--key-file=${key}`, scopes)).trim();
}

async function conforms(path: string, { host }: Server, token: string, version: string): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "waybill-conformance-"));
  try {
    const child = Bun.spawn([path], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        OCI_VERSION: version,
        OCI_REGISTRY: host,
        OCI_TLS: "disabled",
        OCI_REPO1: `${project}/one`,
        OCI_REPO2: `${project}/two/deeper`,
        OCI_USERNAME: "oauth2accesstoken",
        OCI_PASSWORD: token,
        OCI_RESULTS_DIR: join(folder, "results"),
        ...laterFeatures,
      },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [output, errors, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    const { faults, passed } = readReport(output);
    if (exitCode !== 0) faults.push(`the program ended with ${exitCode}: ${errors.slice(-2000)}`);
    console.log(`${faults.length === 0 ? "passed" : "failed"}  distribution-spec ${version}: ${passed} checks`);
    for (const fault of faults) console.log(`        ${fault}`);
    return faults.length === 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
