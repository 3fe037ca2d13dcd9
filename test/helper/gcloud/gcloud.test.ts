// docker-credential-gcloud as gcloud's own was recorded to be, and the real one beside it where it is installed.
import { describe, expect, test } from "bun:test";
import { runHelper } from "../../../src/helper/run.ts";
import { context } from "../../cli/context.ts";
import { claimsOf, email, Home, keyFields } from "../home.ts";

type Row = [what: string, argv: string[], input: string, exitCode: number, stdout: string, stderr: string];

const token = '{\n  "Secret": "tok",\n  "Username": "_dcgcloud_token"\n}\n';
const list = `{\n${["asia.gcr.io", "eu.gcr.io", "gcr.io", "marketplace.gcr.io", "staging-k8s.gcr.io", "us.gcr.io"]
  .map((host) => `  "https://${host}": "_dcgcloud_token"`)
  .join(",\n")}\n}\n`;
const error = (text: string) => `ERROR: (gcloud.auth.docker-helper) ${text}\n`;
const unsupported = (server: string) => error(`Repository url [${server}] is not supported`);
const usage = `Usage: gcloud auth docker-helper METHOD [optional flags]
  optional flags may be  --help

For detailed information on this command and its flags, run:
  gcloud auth docker-helper --help
`;
const surplus = (word: string) =>
  error(
    `unrecognized arguments: ${word} \n\nTo search the help text of gcloud commands, run:\n  gcloud help -- SEARCH_TERMS`,
  );

/** With a token that gcloud's variable gives. */
const rows: Row[] = [
  ["get", ["get"], "gcr.io", 0, token, ""],
  ["get with a scheme", ["get"], "https://gcr.io", 0, token, ""],
  ["get with white space around", ["get"], " gcr.io \n", 0, token, ""],
  ["get of a region", ["get"], "us-central1-docker.pkg.dev", 0, token, ""],
  ["get of a stranger", ["get"], "localhost:5000", 1, "", unsupported("localhost:5000")],
  ["get of nothing", ["get"], "", 1, "", unsupported("")],
  ...["gcr.io/", "https://gcr.io/v2/", "http://gcr.io", "GCR.IO"].map(
    (server): Row => [`get of ${server}`, ["get"], server, 1, "", unsupported(server)],
  ),
  ["get with a flag of gcloud's", ["get", "--quiet"], "gcr.io", 0, token, ""],
  ["get with a format", ["get", "--format=json"], "gcr.io", 0, token, ""],
  ["list", ["list"], "", 0, list, ""],
  ...["store", "erase", "version", "bogus"].map((word): Row => [word, [word], "gcr.io", 0, "", ""]),
  ["no word", [], "", 2, "", error("argument METHOD: Must be specified.") + usage],
  ["-h", ["-h"], "", 0, usage, ""],
  ["a word too many", ["get", "x"], "gcr.io", 2, "", surplus("x")],
];
const environment = { CLOUDSDK_AUTH_ACCESS_TOKEN: "tok" };

async function run(home: Home, argv: string[], stdin: string, env: Record<string, string> = {}) {
  const { it, said } = context({ env: { ...home.env, ...env }, stdin });
  const exitCode = await runHelper("docker-credential-gcloud", argv, it, async () => 1);
  return { exitCode, ...said };
}

describe("as docker-credential-gcloud", () => {
  for (const [what, argv, input, exitCode, stdout, stderr] of rows)
    test(what, async () => {
      using home = new Home();
      expect(await run(home, argv, input, environment)).toEqual({ exitCode, stdout, stderr });
    });

  test("without an account says so on standard output", async () => {
    using home = new Home();
    const stdout =
      "You do not currently have an active account selected. See https://cloud.google.com/sdk/docs/authorizing for more information.\n";
    expect(await run(home, ["get"], "gcr.io")).toEqual({ exitCode: 1, stdout, stderr: "" });
    expect((await run(home, ["list"], "")).stdout).toBe(list);
  });

  test("with an identity that fails says why on standard error", async () => {
    using home = new Home();
    home.program("gcloud", "echo 'ERROR: it is broken' >&2; exit 1");
    home.write(".config/gcloud/configurations/config_default", "[core]\naccount = me@example.com\n");
    const { exitCode, stdout, stderr } = await run(home, ["get"], "gcr.io");
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toMatch(
      /^ERROR: \(gcloud\.auth\.docker-helper\) .*it is broken[\s\S]*Please run:\n\n {2}\$ gcloud auth login\n$/,
    );
  });

  test("answers for a stranger when gcloud's variable allows it", async () => {
    using home = new Home();
    const env = { ...environment, CLOUDSDK_ARTIFACTS_ALLOW_UNRECOGNIZED_REGISTRY: "true" };
    expect((await run(home, ["get"], "registry.example.com:5000", env)).stdout).toBe(token);
  });

  test("answers for a host with an account of ours, as that account", async () => {
    using home = new Home();
    await home.activate();
    const { exitCode, stdout } = await run(home, ["get"], "localhost:5000");
    expect(exitCode).toBe(0);
    expect(claimsOf(JSON.parse(stdout).Secret).claims.iss).toBe(email);
    expect((await run(home, ["get"], "localhost:5001")).exitCode).toBe(1);
  });

  test("uses the credentials that GOOGLE_APPLICATION_CREDENTIALS names, for Google's hosts", async () => {
    using home = new Home();
    const key = keyFields({ token_uri: "https://oauth2.googleapis.com/token" });
    const env = { GOOGLE_APPLICATION_CREDENTIALS: home.write("key.json", JSON.stringify(key)) };
    const { stdout } = await run(home, ["get"], "eu.gcr.io", env);
    expect(claimsOf(JSON.parse(stdout).Secret).claims.scope).toBe(
      "https://www.googleapis.com/auth/devstorage.read_write",
    );
  });
});

const real = Bun.which("docker-credential-gcloud");
const settings = {
  ...environment,
  CLOUDSDK_CORE_CHECK_GCE_METADATA: "false",
  CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: "true",
  CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: "true",
  PATH: process.env.PATH ?? "",
};
if (!real) console.error("skipped: needs gcloud: the table through the real docker-credential-gcloud");
describe.skipIf(!real)("the real docker-credential-gcloud", () => {
  for (const [what, argv, input, exitCode, stdout, stderr] of rows)
    test(what, async () => {
      using home = new Home();
      const outcome = await home.run([real ?? "", ...argv], { input, env: settings });
      expect(outcome).toEqual({ exitCode, stdout, stderr });
    }, 30_000);
});
