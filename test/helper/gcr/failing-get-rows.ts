// Section 1.3: `get` where nobody is logged in, and where an identity fails.

import {
  decode,
  failing,
  login,
  longAgo,
  nobody,
  prefix,
  row,
  sources,
  stored,
  storeOnly,
  typeText,
} from "./protocol-row.ts";
import { gcloudAccount, type Row } from "./row.ts";

/** Every row. */
export const failingGetRows: readonly Row[] = [
  nobody("store: no file", "credentials not found in native keychain", { files: storeOnly }),
  nobody("store: a file without a login", "GCR Credentials not present in store", { files: stored("{}") }),
  nobody("store: null", "GCR Credentials not present in store", { files: stored("null") }),
  nobody(
    "env: nothing there",
    "docker-credential-gcr/helper: failed to detect default credentials: credentials: could not find default credentials. See https://cloud.google.com/docs/authentication/external/set-up-adc for more information",
    { files: sources("env") },
  ),
  failing("store: a damaged file", `${decode}invalid character 'b' looking for beginning of object key string`, {
    files: stored("{bad"),
  }),
  failing("store: an empty file", `${decode}EOF`, { files: stored("") }),
  failing("store: a list", `${decode}${typeText} array into Go value of type store.dockerCredentials`, {
    files: stored("[]"),
  }),
  failing(
    "store: a number for a login",
    `${decode}${typeText} number into Go struct field dockerCredentials.gcrCreds of type store.tokens`,
    { files: stored('{"gcrCreds":1}') },
  ),
  failing(
    "store: a number for a token",
    `${decode}${typeText} number into Go struct field tokens.gcrCreds.access_token of type string`,
    { files: login({ access_token: 1 }) },
  ),
  failing(
    "store: a time that is none",
    `${decode}parsing time "bad" as "2006-01-02T15:04:05Z07:00": cannot parse "bad" as "2006"`,
    { files: login({ access_token: "t", token_expiry: "bad" }) },
  ),
  failing(
    "store: a folder in the file's place",
    "docker-credential-gcr/store: failed to decode credentials from {HOME}/folder: read {HOME}/folder: is a directory",
    { env: { DOCKER_CREDENTIAL_GCR_STORE: "{HOME}/folder" }, files: { ...storeOnly, "folder/x": "" } },
  ),
  failing("store: expired and not renewable", "oauth2: token expired and refresh token is not set", {
    files: login({ access_token: "t", token_expiry: longAgo }),
  }),
  failing("store: a login without a token", "oauth2: token expired and refresh token is not set", { files: login({}) }),
  row(
    "store: renewing fails on the network",
    ["get"],
    {
      exitCode: 1,
      stdout:
        /^docker-credential-gcr\/helper: could not retrieve GCR's access token: Post "https:\/\/oauth2\.googleapis\.com\/token": .+\n$/,
    },
    {
      input: "gcr.io",
      env: { HTTPS_PROXY: "http://127.0.0.1:1", https_proxy: "http://127.0.0.1:1" },
      files: {
        ...login({ access_token: "t", refresh_token: "r", token_expiry: longAgo }),
        ".config/waybill/settings.json": JSON.stringify({ googleClient: { id: "id", secret: "secret" } }),
      },
      ours: { stderr: /Post "https:\/\/oauth2\.googleapis\.com\/token": /, difference: 6 },
    },
  ),
  failing("an unknown source in the configuration", "docker-credential-gcr/helper: unknown token source: nope", {
    files: sources("nope"),
  }),
  failing(
    "gcloud fails",
    "docker-credential-gcr/helper: `gcloud config config-helper` failed: exit status 1",
    { files: { ...sources("gcloud"), ...gcloudAccount }, gcloud: "echo it is broken >&2; exit 1" },
    /^docker-credential-gcr\/helper: could not retrieve GCR's access token: .*gcloud.*\n$/,
  ),
  failing(
    "gcloud prints nothing",
    "docker-credential-gcr/helper: `gcloud config config-helper` returned an empty access_token",
    { files: { ...sources("gcloud"), ...gcloudAccount }, gcloud: "exit 0" },
    /^docker-credential-gcr\/helper: could not retrieve GCR's access token: .*gcloud.*\n$/,
  ),
  row(
    "env: a token that ends in less than ten seconds",
    ["get"],
    { exitCode: 1, stdout: `${prefix}docker-credential-gcr/helper: token was invalid\n` },
    {
      input: "gcr.io",
      files: sources("env"),
      metadata: { access_token: "t", expires_in: 5, token_type: "Bearer" },
      ours: { stderr: /token was invalid/, difference: 6 },
    },
  ),
  row(
    "env: an empty token",
    ["get"],
    { exitCode: 1, stdout: `${prefix}docker-credential-gcr/helper: token was invalid\n` },
    {
      input: "gcr.io",
      upstreamLater: { stdout: `${prefix}credentials: incomplete token received from metadata\n` },
      files: sources("env"),
      metadata: { access_token: "", expires_in: 3599, token_type: "Bearer" },
      ours: { stdout: /access token: .*gave no access token/, stderr: /gave no access token/, difference: 6 },
    },
  ),
  row(
    "env: a token of another type",
    ["get"],
    { exitCode: 1, stdout: `${prefix}docker-credential-gcr/helper: expected token type "Bearer" but got "MAC"\n` },
    {
      input: "gcr.io",
      files: sources("env"),
      metadata: { access_token: "t", expires_in: 3599, token_type: "MAC" },
      ours: {
        stdout: /^docker-credential-gcr\/helper: could not retrieve GCR's access token: .+\n$/,
        stderr: /./,
        difference: 9,
      },
    },
  ),
];
