// Section 1.3: the protocol. What docker writes, what the helper answers.
import { configFile, gcloudAccount, type Row, storeFile } from "./row.ts";

const prefix = "docker-credential-gcr/helper: could not retrieve GCR's access token: ";
const notFound = "credentials not found in native keychain\n";
const decode =
  "docker-credential-gcr/store: failed to decode credentials from {HOME}/.config/gcloud/docker_credentials.json: ";
const inAnHour = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, "");
const longAgo = "2020-01-01T00:00:00Z";

const storeOnly = { [configFile]: '{"TokenSources":["store"]}\n' };
const sources = (...names: string[]) => ({ [configFile]: `${JSON.stringify({ TokenSources: names })}\n` });
const login = (fields: unknown) => ({ ...storeOnly, [storeFile]: JSON.stringify({ gcrCreds: fields }) });
const stored = (text: string) => ({ ...storeOnly, [storeFile]: text });

type More = Partial<Row> & { input?: string };

const row = (what: string, argv: string[], upstream: Row["upstream"], more: More = {}): Row => ({
  section: "1.3",
  what,
  argv,
  upstream,
  ...more,
});

/** `get` for gcr.io that fails; the text is on standard output, and ours tells it on standard error too. */
const failing = (what: string, text: string, more: More, ours: string | RegExp = `${prefix}${text}\n`): Row =>
  row(
    what,
    ["get"],
    { exitCode: 1, stdout: `${prefix}${text}\n` },
    { input: "gcr.io", ours: { stdout: ours, stderr: asPattern(ours), difference: 6 }, ...more },
  );

/** `get` for gcr.io where nobody is logged in. */
const nobody = (what: string, text: string, more: More): Row =>
  row(
    what,
    ["get"],
    { exitCode: 1, stdout: `${prefix}${text}\n` },
    { input: "gcr.io", ours: { stdout: notFound, difference: 2 }, ...more },
  );

function asPattern(text: string | RegExp): RegExp {
  if (text instanceof RegExp) return new RegExp(text.source.replace(/\$$/, ""));
  return new RegExp(`^${RegExp.escape(text)}`);
}

const answer = (server: string, token: string) =>
  new RegExp(
    `^${RegExp.escape(`{"ServerURL":"${server}","Username":"_dcgcr_`)}[0-9_]+${RegExp.escape(`_token","Secret":"${token}"}`)}\n$`,
  );

const refused = (stdout: string): Row["upstream"] => ({ exitCode: 1, stdout: `${stdout}\n` });
const credentials = (fields: Record<string, unknown>) => `${JSON.stringify(fields)}\n`;
const typeText = "json: cannot unmarshal";

const answered: Row[] = [
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

const empty: Row[] = [
  ...["", " \n\n"].flatMap((input) =>
    ["get", "erase"].map((name) =>
      row(`${name} of ${JSON.stringify(input)}`, [name], refused("no credentials server URL"), { input }),
    ),
  ),
  row("store without a server", ["store"], refused("no credentials server URL"), {
    input: credentials({ ServerURL: "", Username: "u" }),
  }),
  row("store of null", ["store"], refused("no credentials server URL"), { input: "null" }),
  row("store without a user", ["store"], refused("no credentials username"), {
    input: credentials({ serverurl: "gcr.io", Username: "" }),
  }),
];

const unimplemented: Row[] = [
  row("store", ["store"], refused("add is unimplemented"), {
    input: credentials({ ServerURL: "gcr.io", Username: "me", Secret: "hush" }),
    ours: {
      exitCode: 0,
      stdout: "",
      stderr: /^waybill: these credentials are not kept: .*\nwaybill: hint: .*gcr-login/,
      difference: 3,
    },
  }),
  row("store of our own token", ["store"], refused("add is unimplemented"), {
    input: credentials({ ServerURL: "gcr.io", Username: "_dcgcr_2_1_25_token", Secret: "t" }),
    ours: { exitCode: 0, stdout: "", difference: 3 },
  }),
  row("erase", ["erase"], refused("delete is unimplemented"), {
    input: "gcr.io",
    ours: { exitCode: 0, stdout: "", difference: 3 },
  }),
  row("list", ["list"], refused("list is unimplemented"), {
    input: "unused",
    ours: {
      exitCode: 0,
      stdout:
        /^\{"https:\/\/asia\.gcr\.io":"_dcgcr_[0-9_]+_token",.*"https:\/\/us\.gcr\.io":"_dcgcr_[0-9_]+_token"\}\n$/,
      difference: 3,
    },
  }),
];

const strict = { DOCKER_CREDENTIAL_GCR_STRICT: "true" };
const refusals: Row[] = unimplemented.map(({ ours: _, ...rest }) => ({
  ...rest,
  what: `${rest.what}, refused on request`,
  env: strict,
  ownSetting: true,
}));

const malformed: Row[] = [
  row(
    "store of what is no JSON",
    ["store"],
    refused("invalid character 'b' looking for beginning of object key string"),
    { input: "{bad" },
  ),
  row("store of nothing", ["store"], refused("EOF"), { input: "" }),
  row("store of half", ["store"], refused("unexpected EOF"), { input: '{"ServerURL":"g","Username":"u"' }),
  row(
    "store with a comma too many",
    ["store"],
    refused("invalid character '}' looking for beginning of object key string"),
    { input: '{"ServerURL":"g","Username":"u",}' },
  ),
  row("store of a text", ["store"], refused(`${typeText} string into Go value of type credentials.Credentials`), {
    input: '"text"',
  }),
  row("store of a list", ["store"], refused(`${typeText} array into Go value of type credentials.Credentials`), {
    input: "[1]",
  }),
  row(
    "store with a number for a server",
    ["store"],
    refused(`${typeText} number into Go struct field Credentials.ServerURL of type string`),
    { input: '{"ServerURL":1}' },
  ),
  row(
    "store with a number for a secret",
    ["store"],
    refused(`${typeText} number into Go struct field Credentials.Secret of type string`),
    { input: '{"ServerURL":"g","Username":"u","Secret":1}' },
  ),
].map((it) => ({ ...it, ours: { stderr: asPattern(it.upstream.stdout ?? ""), difference: 6 } }));

const long: Row[] = [
  row("a line of 65536 bytes", ["get"], refused("bufio.Scanner: token too long"), {
    input: "x".repeat(65_536),
    ours: { stderr: /token too long/, difference: 6 },
  }),
  row("a line of 65536 bytes to store", ["store"], refused("bufio.Scanner: token too long"), {
    input: "x".repeat(65_536),
    ours: { stderr: /token too long/, difference: 6 },
  }),
  row("a line of 65535 bytes", ["erase"], refused("delete is unimplemented"), {
    input: "x".repeat(65_535),
    ours: { exitCode: 0, stdout: "", difference: 3 },
  }),
  row("two lines of 65535 bytes", ["erase"], refused("delete is unimplemented"), {
    input: `${"x".repeat(65_535)}\n${"x".repeat(65_535)}\n`,
    ours: { exitCode: 0, stdout: "", difference: 3 },
  }),
];

const identities: Row[] = [
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
      files: login({ access_token: "t", refresh_token: "r", token_expiry: longAgo }),
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
      ours: { stderr: /token was invalid/, difference: 6 },
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

const load = "Failure: failed to load config from {HOME}/.config/gcloud/docker_credential_gcr_config.json: ";
const configured: Row[] = ["get", "store", "erase", "list"].flatMap((name) => [
  row(
    `${name} with a damaged configuration`,
    [name],
    { exitCode: 1, stderr: `${load}invalid character 'b' looking for beginning of object key string\n` },
    { input: "gcr.io", files: { [configFile]: "{bad" } },
  ),
  row(
    `${name} with a configuration that is no list`,
    [name],
    {
      exitCode: 1,
      stderr: `${load}${typeText} string into Go struct field configFile.TokenSources of type []string\n`,
    },
    { input: "gcr.io", files: { [configFile]: '{"TokenSources":"x"}' } },
  ),
]);

export const protocolRows: readonly Row[] = [
  ...answered,
  ...empty,
  ...unimplemented,
  ...refusals,
  ...malformed,
  ...long,
  ...identities,
  ...configured,
];
