// The metadata server, gcloud, access tokens and the identity of a job, through the helper as a process.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { isOnGoogleMachine } from "../../src/sources/metadata-source.ts";
import { OAuthProcess } from "../oauth/process.ts";
import { GoogleHome } from "./google-home.ts";

const pull = "https://www.googleapis.com/auth/devstorage.read_only";
const notFound = "credentials not found in native keychain\n";

let oauth: OAuthProcess;
beforeAll(async () => {
  oauth = await OAuthProcess.start();
});
beforeEach(() => oauth.control({}));
afterAll(() => oauth[Symbol.asyncDispose]());

describe("the metadata server", () => {
  test("is asked at GCE_METADATA_HOST, with its header and the scopes", async () => {
    using home = new GoogleHome(oauth);
    expect(await home.token({ env: { GCE_METADATA_HOST: oauth.host } })).toStartWith("token-");
    const [request] = (await oauth.log("/computeMetadata/v1/instance/service-accounts/default/token")).slice(-1);
    expect(request?.query).toEqual({ scopes: pull });
    expect(request?.headers["metadata-flavor"]).toBe("Google");
  });

  test("is given up after a second", async () => {
    using home = new GoogleHome(oauth);
    await oauth.control({ isHanging: true });
    const started = performance.now();
    const { exitCode, stdout } = await home.get({ env: { GCE_METADATA_HOST: oauth.host } });
    expect(performance.now() - started).toBeLessThan(await home.atMost(1000));
    expect(exitCode).toBe(1);
    expect(stdout).toContain("metadata: http://127.0.0.1");
  });

  test("is not one when it answers without the header: a sign-in page, for one", async () => {
    using home = new GoogleHome(oauth);
    using page = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => Response.json({ access_token: "no" }) });
    const { stdout } = await home.get({ env: { GCE_METADATA_HOST: `127.0.0.1:${page.port}` } });
    expect(stdout).toContain("not a metadata server");
  });

  test("is looked for only on a machine of Google's", () => {
    expect(isOnGoogleMachine({}, () => "Google Compute Engine\n")).toBe(true);
    expect(isOnGoogleMachine({}, () => "Standard PC (Q35 + ICH9, 2009)\n")).toBe(false);
    expect(isOnGoogleMachine({ GCE_METADATA_HOST: "x" }, () => "")).toBe(true);
  });

  test("is not for other registries", async () => {
    using home = new GoogleHome(oauth);
    const env = { GCE_METADATA_HOST: oauth.host, WAYBILL_ACCESS_TOKEN: "x" };
    expect((await home.get({ env }, "registry.example.com")).stdout).toBe(notFound);
  });
});

describe("gcloud", () => {
  /** A gcloud that writes down how it was called. */
  function withGcloud(home: GoogleHome, answer: string): { env: Record<string, string> } {
    home.program("gcloud", `echo "$@" >> ${home.path("calls")}\n${answer}`);
    home.write(".config/gcloud/configurations/config_default", "[core]\naccount = me@example.com\n");
    return { env: { PATH: `${home.path("bin")}:/usr/bin:/bin` } };
  }
  const good = (expiry: string, account = "me@example.com") =>
    `echo '${JSON.stringify({
      configuration: { properties: { core: { account } } },
      credential: { access_token: "ya29.gcloud", token_expiry: expiry },
    })}'`;
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString();

  test("is started once, and its token is kept until its real expiry", async () => {
    using home = new GoogleHome(oauth);
    const options = withGcloud(home, good(inAnHour));
    for (const host of ["gcr.io", "us.gcr.io", "us-docker.pkg.dev"])
      expect(await home.token(options, host)).toBe("ya29.gcloud");
    expect(home.read("calls")).toBe("config config-helper --format=json --min-expiry=600s\n");
  });

  test("is asked again when its account changed", async () => {
    using home = new GoogleHome(oauth);
    const options = withGcloud(home, good(inAnHour));
    await home.token(options);
    home.program("gcloud", good(inAnHour, "other@example.com").replace("ya29.gcloud", "ya29.other"));
    home.write(".config/gcloud/configurations/config_new", "[core]\naccount = other@example.com\n");
    home.write(".config/gcloud/active_config", "new");
    const { stdout, stderr } = await home.get(options);
    expect(JSON.parse(stdout).Secret).toBe("ya29.other");
    expect(stderr).toContain("gcr.io is now used as other@example.com (gcloud), before it was me@example.com (gcloud)");
  });

  test("is not started when it has no account", async () => {
    using home = new GoogleHome(oauth);
    const options = withGcloud(home, good(inAnHour));
    home.write(".config/gcloud/configurations/config_default", "[core]\nproject = x\n");
    expect((await home.get(options)).stdout).toBe(notFound);
    expect(home.has("calls")).toBe(false);
  });

  test("that fails is an error with what it said", async () => {
    using home = new GoogleHome(oauth);
    const options = withGcloud(home, "echo 'ERROR: (gcloud) Reauthentication is required.' >&2; exit 1");
    const { exitCode, stdout, stderr } = await home.get(options);
    expect(exitCode).toBe(1);
    expect(stdout).toContain("gcloud: gcloud gave no token: ERROR: (gcloud) Reauthentication is required.");
    expect(stderr).toContain("waybill: hint: gcloud auth login");
  });

  test("that hangs is ended at the deadline, with what it started", async () => {
    using home = new GoogleHome(oauth);
    const options = withGcloud(home, `sleep 300 & echo $! > ${home.path("child")}; wait`);
    const started = performance.now();
    const { exitCode, stdout } = await home.get(options);
    expect(performance.now() - started).toBeLessThan(await home.atMost(10_000));
    expect(exitCode).toBe(1);
    expect(stdout).toContain("did not answer in time");
    while (isRunning(home.read("child").trim())) await Bun.sleep(5);
  }, 60_000);

  test("from the real SDK answers too", async () => {
    if (Bun.which("gcloud") === null) return console.warn("skipped: needs gcloud");
    using home = new GoogleHome(oauth, { defaults: { sources: ["gcloud"] } });
    home.write("token", "ya29.from-a-file");
    const env = {
      PATH: process.env.PATH ?? "",
      CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: home.path("token"),
      CLOUDSDK_CONFIG: home.path("sdk"),
    };
    expect(await home.token({ env })).toBe("ya29.from-a-file");
  }, 60_000);
});

/** A process that has ended but that nobody has waited for is still listed. */
function isRunning(processId: string): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${processId}/stat`, "utf8"));
  } catch {
    return false;
  }
}

describe("an access token that is given", () => {
  test("in a variable is for Google's registries", async () => {
    using home = new GoogleHome(oauth);
    for (const name of ["WAYBILL_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN"]) {
      const env = { [name]: "ya29.given" };
      expect(await home.token({ env })).toBe("ya29.given");
      expect((await home.get({ env }, "registry.example.com")).stdout).toBe(notFound);
    }
  });

  test("is for the registry that WAYBILL_SERVER names when that is set, and for no other", async () => {
    using home = new GoogleHome(oauth);
    const env = { WAYBILL_ACCESS_TOKEN: "given", WAYBILL_SERVER: "https://registry.example.com" };
    expect(await home.token({ env }, "registry.example.com")).toBe("given");
    expect((await home.get({ env }, "gcr.io")).stdout).toBe(notFound);
  });

  test("in a file is read each time and never kept", async () => {
    using home = new GoogleHome(oauth);
    const env = { WAYBILL_ACCESS_TOKEN_FILE: home.write("token", "one\n") };
    expect(await home.token({ env })).toBe("one");
    home.write("token", "two\n");
    expect(await home.token({ env })).toBe("two");
  });

  test("that has expired is an error, and so is one that is not there", async () => {
    using home = new GoogleHome(oauth);
    const expired = `e30.${Buffer.from('{"exp":1}').toString("base64url")}.x`;
    expect((await home.get({ env: { WAYBILL_ACCESS_TOKEN: expired } })).stdout).toContain("has expired");
    expect((await home.get({ env: { WAYBILL_ACCESS_TOKEN_FILE: home.path("no") } })).stdout).toContain(
      "cannot be read",
    );
    expect((await home.get({ env: { WAYBILL_ACCESS_TOKEN: "two words" } })).stdout).toContain("does not hold");
  });
});

describe("the identity of a job, without a file of secrets", () => {
  const audience = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q";
  const configured = (fields = {}) => ({ workloadIdentity: { audience, ...fields } });
  const lastExchange = async () => (await oauth.log("/v1/token")).at(-1)?.form;

  test("GitHub Actions: asked for anew at every renewal, addressed to the provider", async () => {
    using home = new GoogleHome(oauth, configured());
    const env = { ACTIONS_ID_TOKEN_REQUEST_URL: `${oauth.url}/github?api=1`, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "bearer" };
    expect(await home.token({ env })).toStartWith("token-");
    const [request] = (await oauth.log("/github")).slice(-1);
    expect(request?.headers.authorization).toBe("Bearer bearer");
    expect(request?.query).toEqual({ api: "1", audience: `https:${audience}` });
    expect(await lastExchange()).toMatchObject({
      subject_token: `github-token-for-https:${audience}`,
      audience,
      scope: pull,
    });
    const before = (await oauth.log("/github")).length;
    await Bun.$`rm -r ${home.path(".cache")}`;
    await home.token({ env });
    expect((await oauth.log("/github")).length).toBe(before + 1);
  });

  test("GitHub Actions without the permission says which is missing", async () => {
    using home = new GoogleHome(oauth, configured({ provider: "github" }));
    const { stdout, stderr } = await home.get();
    expect(stdout).toContain("this job may not ask for an id token");
    expect(stderr).toContain("id-token: write");
  });

  test("GitLab: the variable of the job's definition", async () => {
    using home = new GoogleHome(oauth, configured({ variable: "MY_ID_TOKEN", provider: "gitlab" }));
    await home.token({ env: { MY_ID_TOKEN: "gitlab.jwt" } });
    expect((await lastExchange())?.subject_token).toBe("gitlab.jwt");
    using detected = new GoogleHome(oauth, configured());
    await detected.token({ env: { GITLAB_CI: "true", WAYBILL_ID_TOKEN: "other.jwt" } });
    expect((await lastExchange())?.subject_token).toBe("other.jwt");
  });

  test("Buildkite: its agent is asked", async () => {
    using home = new GoogleHome(oauth, configured());
    home.program("buildkite-agent", `echo "$@" > ${home.path("calls")}; echo buildkite.jwt`);
    await home.token({ env: { BUILDKITE_JOB_ID: "1" } });
    expect((await lastExchange())?.subject_token).toBe("buildkite.jwt");
    expect(home.read("calls")).toBe(`oidc request-token --audience https:${audience} --lifetime 300\n`);
  });

  test("Kubernetes: the projected file, as it is at that moment", async () => {
    using home = new GoogleHome(oauth, configured({ provider: "kubernetes" }));
    home.settings(configured({ provider: "kubernetes", file: home.write("token", "pod.jwt\n") }));
    await home.token();
    expect((await lastExchange())?.subject_token).toBe("pod.jwt");
  });

  test("a projected file that a variable names, as it is at that moment", async () => {
    using home = new GoogleHome(oauth, configured());
    const env = { WAYBILL_WORKLOAD_IDENTITY_TOKEN_FILE: home.write("token", "one.jwt\n") };
    await home.token({ env });
    home.write("token", "two.jwt\n");
    await Bun.$`rm -r ${home.path(".cache")}`;
    await home.token({ env });
    expect((await lastExchange())?.subject_token).toBe("two.jwt");
  });

  test("may become a service account", async () => {
    using home = new GoogleHome(oauth, configured({ provider: "variable", serviceAccount: "ci@p.test" }));
    expect(await home.token({ env: { WAYBILL_ID_TOKEN: "jwt" } })).toBe("token-of-ci@p.test");
    expect((await lastExchange())?.scope).toBe("https://www.googleapis.com/auth/cloud-platform");
  });

  test("works from variables alone, and at another server for its own hosts", async () => {
    using home = new GoogleHome(oauth);
    const env = {
      WAYBILL_WORKLOAD_IDENTITY_AUDIENCE: "waybill",
      WAYBILL_WORKLOAD_IDENTITY_TOKEN_URL: `${oauth.url}/v1/token`,
      WAYBILL_ID_TOKEN: "job.jwt",
    };
    expect(await home.token({ env }, oauth.host)).toStartWith("token-");
    expect(await lastExchange()).toMatchObject({ audience: "waybill", subject_token: "job.jwt" });
    expect((await home.get({ env }, "gcr.io")).stdout).toBe(notFound);
  });
});

describe("impersonation that is configured for a host", () => {
  test("goes along the chain, with the host's scopes", async () => {
    using home = new GoogleHome(oauth, {
      hosts: { "*.pkg.dev": { impersonate: ["one@p.test", "two@p.test", "target@p.test"], push: true } },
    });
    const env = { WAYBILL_ACCESS_TOKEN: "own" };
    expect(await home.token({ env }, "us-docker.pkg.dev")).toBe("token-of-target@p.test");
    const request = (await oauth.log()).findLast(({ path }) => path.endsWith(":generateAccessToken"));
    expect(request?.headers.authorization).toBe("Bearer own");
    expect(request?.json).toMatchObject({
      delegates: ["projects/-/serviceAccounts/one@p.test", "projects/-/serviceAccounts/two@p.test"],
      scope: ["https://www.googleapis.com/auth/devstorage.read_write"],
    });
    expect(await home.token({ env }, "gcr.io")).toBe("own");
  });

  test("that is refused is an error of the identity, with the permission that is missing", async () => {
    using home = new GoogleHome(oauth, { defaults: { impersonate: ["target@p.test"] } });
    await oauth.control({ refuse: { status: 403, error: "PERMISSION_DENIED" } });
    const { exitCode, stdout, stderr } = await home.get({ env: { WAYBILL_ACCESS_TOKEN: "own" } });
    expect(exitCode).toBe(1);
    expect(stdout).toContain("refused: PERMISSION_DENIED");
    expect(stderr).toContain("roles/iam.serviceAccountTokenCreator");
  });
});
