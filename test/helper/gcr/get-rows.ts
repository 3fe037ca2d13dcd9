// Section 1.3: `get` that is answered with a token.

import { answer, inAnHour, login, longAgo, notFound, prefix, row, sources, stored } from "./protocol-row.ts";
import { configFile, gcloudAccount, type Row, storeFile } from "./row.ts";

/** Every row. */
export const getRows: readonly Row[] = [
  row(
    "get with a token",
    ["get"],
    { exitCode: 0, stdout: answer("gcr.io", "tok") },
    { input: "gcr.io", files: login({ access_token: "tok", refresh_token: "r", token_expiry: inAnHour }) },
  ),
  row(
    "a login without a time never expires",
    ["get"],
    { exitCode: 0, stdout: answer("gcr.io", "tok") },
    { input: "gcr.io", files: login({ access_token: "tok" }) },
  ),
  row(
    "lines are joined",
    ["get"],
    { exitCode: 0, stdout: answer("gcr.io", "tok") },
    { input: "gcr\n.io\n\n", files: login({ access_token: "tok" }) },
  ),
  row(
    "the server comes back as it was asked, in Go's spelling",
    ["get"],
    { exitCode: 0, stdout: answer("https://gcr.io/a\\u003cb\\u003e\\u0026\\u2028c", "\\u003ct\\u003e") },
    { input: "  https://gcr.io/a<b>&\u2028c\r\n", files: login({ access_token: "<t>" }) },
  ),
  row(
    "names in other cases are read",
    ["get"],
    { exitCode: 0, stdout: answer("gcr.io", "tok") },
    { input: "gcr.io", files: stored('{"GCRCREDS":{"Access_Token":"tok"}}') },
  ),
  row(
    "what follows the first value is not looked at",
    ["get"],
    { exitCode: 0, stdout: answer("gcr.io", "tok") },
    { input: "gcr.io", files: stored('{"gcrCreds":{"access_token":"tok"}} {bad') },
  ),
  row(
    "any other host gets the same token",
    ["get"],
    { exitCode: 0, stdout: answer("https://evil.example.com/v2/", "tok") },
    {
      input: "https://evil.example.com/v2/",
      files: login({ access_token: "tok" }),
      ours: { exitCode: 1, stdout: notFound, difference: 1 },
    },
  ),
  row(
    "a host that docker was told to ask us for",
    ["get"],
    { exitCode: 0, stdout: answer("registry.example.com:5000", "tok") },
    {
      input: "registry.example.com:5000",
      files: {
        ...login({ access_token: "tok" }),
        ".docker/config.json": '{"credHelpers":{"registry.example.com:5000":"gcr"}}',
      },
    },
  ),
  row(
    "the store that a variable names",
    ["get"],
    { exitCode: 0, stdout: answer("gcr.io", "there") },
    {
      input: "gcr.io",
      env: { DOCKER_CREDENTIAL_GCR_STORE: "{HOME}/elsewhere.json" },
      files: { ...login({ access_token: "tok" }), "elsewhere.json": '{"gcrCreds":{"access_token":"there"}}' },
    },
  ),
  row(
    "a variable that is blank is none",
    ["get"],
    { exitCode: 0, stdout: answer("gcr.io", "tok") },
    {
      input: "gcr.io",
      env: { DOCKER_CREDENTIAL_GCR_STORE: " ", DOCKER_CREDENTIAL_GCR_CONFIG: "\t" },
      files: login({ access_token: "tok" }),
    },
  ),
  row(
    "the configuration that a variable names, by a relative path",
    ["get"],
    { exitCode: 0, stdout: answer("gcr.io", "tok") },
    {
      input: "gcr.io",
      needsFolder: true,
      env: { DOCKER_CREDENTIAL_GCR_CONFIG: "own.json" },
      files: { ...login({ access_token: "tok" }), [configFile]: "{bad", "own.json": '{"TokenSources":["store"]}' },
    },
  ),
  row(
    "env: the machine's own token",
    ["get"],
    { exitCode: 0, stdout: answer("gcr.io", "from-metadata") },
    {
      input: "gcr.io",
      files: sources("env"),
      metadata: { access_token: "from-metadata", expires_in: 3599, token_type: "Bearer" },
    },
  ),
  row(
    "gcloud: its token",
    ["get"],
    { exitCode: 0, stdout: answer("gcr.io", "from-gcloud") },
    { input: "gcr.io", files: { ...sources("gcloud"), ...gcloudAccount }, gcloud: gcloudAnswering("from-gcloud") },
  ),
  row(
    "gcloud under its old name",
    ["get"],
    { exitCode: 0, stdout: answer("gcr.io", "from-gcloud") },
    { input: "gcr.io", files: { ...sources("gcloud_sdk"), ...gcloudAccount }, gcloud: gcloudAnswering("from-gcloud") },
  ),
  row(
    "the next source where the store has no login",
    ["get"],
    { exitCode: 0, stdout: answer("gcr.io", "from-metadata") },
    {
      input: "gcr.io",
      files: sources("store", "env"),
      metadata: { access_token: "from-metadata", expires_in: 3599, token_type: "Bearer" },
    },
  ),
  row(
    "the next source where the login has expired: another identity",
    ["get"],
    { exitCode: 0, stdout: answer("gcr.io", "from-metadata") },
    {
      input: "gcr.io",
      files: {
        ...sources("store", "env"),
        [storeFile]: JSON.stringify({ gcrCreds: { access_token: "tok", token_expiry: longAgo } }),
      },
      metadata: { access_token: "from-metadata", expires_in: 3599, token_type: "Bearer" },
      ours: {
        exitCode: 1,
        stdout: `${prefix}oauth2: token expired and refresh token is not set\n`,
        stderr: /gcr-login/,
        difference: 5,
      },
    },
  ),
];

/** gcloud's helper for other programs, in the forms that it is asked for. */
function gcloudAnswering(token: string): string {
  const json = JSON.stringify({
    credential: { access_token: token, token_expiry: inAnHour },
    configuration: { properties: { core: { account: "me@example.com" } } },
  });
  return `case "$*" in *format=json*) echo '${json}';; *) echo ${token};; esac`;
}
