// Every kind of credential file through the helper as a process, with Google's services answered by a real server.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { claimsOf, email, type Home, keyFields } from "../helper/home.ts";
import { OAuthProcess } from "../oauth/process.ts";
import { credentialFiles, GoogleHome } from "./google-home.ts";

const pull = "https://www.googleapis.com/auth/devstorage.read_only";
const notFound = "credentials not found in native keychain\n";
const googleKey = (fields = {}) =>
  JSON.stringify(keyFields({ token_uri: "https://oauth2.googleapis.com/token", ...fields }));

let oauth: OAuthProcess;
beforeAll(async () => {
  oauth = await OAuthProcess.start();
});
beforeEach(() => oauth.control({}));
afterAll(() => oauth[Symbol.asyncDispose]());

/** How many requests the server saw while something was done. */
async function requestsOf(work: () => Promise<unknown>) {
  const before = (await oauth.log()).length;
  await work();
  return (await oauth.log()).slice(before);
}

describe("a service account's key of Google's", () => {
  for (const name of ["WAYBILL_KEY_FILE", "GOOGLE_APPLICATION_CREDENTIALS"])
    test(`named by ${name} signs its token itself: no audience, and no network`, async () => {
      using home = new GoogleHome(oauth);
      const env = { [name]: home.write("key.json", googleKey()) };
      const requests = await requestsOf(async () => {
        const { claims } = claimsOf(await home.token({ env }));
        expect(claims).toMatchObject({ iss: email, sub: email, scope: pull });
        expect(claims).not.toContainKey("aud");
      });
      expect(requests).toEqual([]);
    });

  test("is for Google's registries and no others", async () => {
    using home = new GoogleHome(oauth);
    const env = { GOOGLE_APPLICATION_CREDENTIALS: home.write("key.json", googleKey()) };
    for (const host of ["gcr.io", "eu.gcr.io", "europe-docker.pkg.dev", "docker.europe-west1.rep.pkg.dev"])
      expect(claimsOf(await home.token({ env }, host)).claims.iss).toBe(email);
    for (const host of ["localhost:5000", "gcr.io.example.com", "evilgcr.io", "pkg.dev", "gcr.io:5000", "docker.io"])
      expect((await home.get({ env }, host)).stdout).toBe(notFound);
  });

  test("is for hosts that are configured, by name and by ending", async () => {
    using home = new GoogleHome(oauth, { googleHosts: ["mirror.example.com", "*.corp.example"] });
    const env = { GOOGLE_APPLICATION_CREDENTIALS: home.write("key.json", googleKey()) };
    for (const host of ["mirror.example.com", "a.corp.example", "b.a.corp.example"])
      expect(claimsOf(await home.token({ env }, host)).claims.iss).toBe(email);
    for (const host of ["corp.example", "evilcorp.example", "a.mirror.example.com"])
      expect((await home.get({ env }, host)).stdout).toBe(notFound);
  });

  test("of another installation is for that one's hosts and not for Google's", async () => {
    using home = new GoogleHome(oauth, { defaults: { sources: ["env"] } });
    const env = { GOOGLE_APPLICATION_CREDENTIALS: home.write("key.json", JSON.stringify(keyFields())) };
    expect((await home.get({ env })).stdout).toBe(notFound);
    expect(claimsOf(await home.token({ env }, "localhost:5000")).claims.aud).toBe("http://localhost:5000/token");
  });
});

describe("gcloud's default credentials are used when no file is named", () => {
  test("from CLOUDSDK_CONFIG", async () => {
    using home = new GoogleHome(oauth);
    home.write("sdk/application_default_credentials.json", googleKey());
    expect(claimsOf(await home.token({ env: { CLOUDSDK_CONFIG: home.path("sdk") } })).claims.iss).toBe(email);
  });

  test("from ~/.config/gcloud", async () => {
    using home = new GoogleHome(oauth);
    home.write(".config/gcloud/application_default_credentials.json", googleKey());
    expect(claimsOf(await home.token()).claims.iss).toBe(email);
  });

  test("but not instead of a file that is named and not there", async () => {
    using home = new GoogleHome(oauth);
    home.write(".config/gcloud/application_default_credentials.json", googleKey());
    const { exitCode, stdout } = await home.get({ env: { GOOGLE_APPLICATION_CREDENTIALS: home.path("absent") } });
    expect(exitCode).toBe(1);
    expect(stdout).toContain("env: the key file");
  });
});

describe("other kinds of credentials, by Google's library", () => {
  const adc = (home: Home, fields: object) => ({
    env: { GOOGLE_APPLICATION_CREDENTIALS: home.write("adc.json", JSON.stringify(fields)) },
  });

  for (const type of ["authorized_user", "external_account_authorized_user"] as const)
    test(`${type} gets a token for its refresh token, and keeps it for the next time`, async () => {
      using home = new GoogleHome(oauth);
      await oauth.control({ lastingRefreshTokens: ["r"] });
      const options = adc(home, credentialFiles[type]);
      const requests = await requestsOf(async () => {
        const token = await home.token(options);
        expect(token).toStartWith("token-");
        expect(await home.token(options)).toBe(token);
      });
      expect(requests.map(({ form }) => form)).toEqual([
        expect.objectContaining({ grant_type: "refresh_token", refresh_token: "r" }),
      ]);
    });

  test("authorized_user whose refresh token was revoked says how to sign in again", async () => {
    using home = new GoogleHome(oauth);
    const { exitCode, stdout, stderr } = await home.get(adc(home, credentialFiles.authorized_user));
    expect(exitCode).toBe(1);
    expect(stdout).toContain("env: ");
    expect(stdout).toContain("invalid_grant: the refresh token was revoked");
    expect(stderr).toContain("waybill: hint: sign in again: gcloud auth application-default login");
    expect((await oauth.log("/token")).at(-1)?.form).toMatchObject({ client_id: "i", refresh_token: "r" });
  });

  test("external_account exchanges its subject token, read anew, and looks up no project", async () => {
    using home = new GoogleHome(oauth);
    const options = adc(home, credentialFiles.external_account(home.path("subject")));
    home.write("subject", "first");
    const requests = await requestsOf(async () => {
      expect(await home.token(options)).toStartWith("token-");
      expect(await home.token(options)).toStartWith("token-");
      home.write("subject", "second");
      await home.token(options, "gcr.io");
    });
    expect(requests.map(({ path }) => path)).toEqual(["/v1/token"]);
    expect(requests[0]?.form).toMatchObject({ subject_token: "first", scope: pull });
    for (const name of [".cache"]) await Bun.$`rm -rf ${home.path(name)}`;
    await home.token(options);
    expect((await oauth.log("/v1/token")).at(-1)?.form.subject_token).toBe("second");
  });

  test("external_account with impersonation becomes the account", async () => {
    using home = new GoogleHome(oauth);
    home.write("subject", "jwt");
    const fields = {
      ...credentialFiles.external_account(home.path("subject")),
      service_account_impersonation_url: credentialFiles.impersonated_service_account.service_account_impersonation_url,
    };
    expect(await home.token(adc(home, fields))).toBe("token-of-target@p.test");
  });

  test("external_account_authorized_user asks its own endpoint, and tells what that answers", async () => {
    using home = new GoogleHome(oauth);
    const { stdout } = await home.get(adc(home, credentialFiles.external_account_authorized_user));
    expect(stdout).toContain("invalid_grant");
    expect((await oauth.log("/v1/token")).at(-1)?.form).toMatchObject({ grant_type: "refresh_token" });
  });

  test("impersonated_service_account goes where the file says, with its delegates", async () => {
    using home = new GoogleHome(oauth);
    home.write("subject", "jwt");
    const fields = {
      ...credentialFiles.impersonated_service_account,
      source_credentials: credentialFiles.external_account(home.path("subject")),
    };
    expect(await home.token(adc(home, fields))).toBe("token-of-target@p.test");
    const request = (await oauth.log()).findLast(({ path }) => path.endsWith(":generateAccessToken"));
    expect(request?.json).toEqual({
      delegates: ["projects/-/serviceAccounts/step@p.test"],
      scope: [pull],
      lifetime: "3600s",
    });
  });

  test("a kind that nobody knows is an error that names the file", async () => {
    using home = new GoogleHome(oauth);
    const { exitCode, stdout } = await home.get(adc(home, { type: "new_kind" }));
    expect(exitCode).toBe(1);
    expect(stdout).toContain('adc.json has credentials of the kind "new_kind"');
  });

  test("a file that is not whole is an error that does not repeat it", async () => {
    using home = new GoogleHome(oauth);
    const options = {
      env: { GOOGLE_APPLICATION_CREDENTIALS: home.write("adc.json", '{"type":"authorized_user","x":"se') },
    };
    const { exitCode, stdout, stderr } = await home.get(options);
    expect(exitCode).toBe(1);
    expect(stdout + stderr).not.toContain('"se');
  });

  test("says nothing on standard error when all is well", async () => {
    using home = new GoogleHome(oauth);
    home.write("subject", "jwt");
    const { stderr } = await home.get(adc(home, credentialFiles.external_account(home.path("subject"))));
    expect(stderr).toBe("");
  });
});
