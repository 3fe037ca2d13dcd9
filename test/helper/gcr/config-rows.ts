// Sections 1.7 and 1.10: logging out, the configuration, the version.
import { configFile, type Row, storeFile } from "./row.ts";

const load = "failed to load config from {HOME}/.config/gcloud/docker_credential_gcr_config.json: ";
const corrupt = "invalid character 'b' looking for beginning of object key string\n";
const config = (sources: string) => ({ [configFile]: sources });
const storeOnly = '{"TokenSources":["store"]}\n';

const row = (
  section: string,
  what: string,
  argv: string[],
  upstream: Row["upstream"],
  more: Partial<Row> = {},
): Row => ({
  section,
  what,
  argv,
  upstream,
  ...more,
});

const set = (sources: string) => ["config", `--token-source=${sources}`];
const unsupported = (source: string) => ({
  exitCode: 1,
  stderr: `Failure: token-source: Unsupported token source: ${source}\n`,
});

const logout: Row[] = (
  [
    ["gcr-logout", "Logout failure"],
    ["clear", "failure"],
  ] as const
).flatMap(([name, failure]) => [
  row("1.7", `${name} without a file`, [name], { exitCode: 0, files: { [storeFile]: undefined } }),
  row(
    "1.7",
    `${name} forgets the login`,
    [name],
    { exitCode: 0, files: { [storeFile]: "{}\n" } },
    { files: { [storeFile]: '{"gcrCreds":{"access_token":"t"}}' } },
  ),
  row(
    "1.7",
    `${name} leaves a file without a login`,
    [name],
    { exitCode: 0, files: { [storeFile]: "{}" } },
    { files: { [storeFile]: "{}" } },
  ),
  row(
    "1.7",
    `${name} with a damaged file`,
    [name],
    {
      exitCode: 1,
      stderr: `${failure}: docker-credential-gcr/store: failed to decode credentials from {HOME}/${storeFile}: ${corrupt}`,
      files: { [storeFile]: "{bad" },
    },
    { files: { [storeFile]: "{bad" } },
  ),
  row(
    "1.7",
    `${name} and what else is in the file`,
    [name],
    { exitCode: 0, files: { [storeFile]: "{}\n" } },
    {
      files: { [storeFile]: '{"other":1,"gcrCreds":{"access_token":"t"}}' },
      ours: { files: { [storeFile]: '{"other":1}\n' }, difference: 7 },
    },
  ),
]);

/** Nothing can be opened: there is neither a screen nor a program for it. */
const noBrowser: Row[] = (
  [
    ["1.7", "gcr-login where no browser can be opened", ["gcr-login"]],
    ["1.2", "extra words after gcr-login", ["gcr-login", "extra"]],
  ] as const
).map(([section, what, argv]) =>
  row(
    section,
    what,
    [...argv],
    {
      exitCode: 1,
      stderr: /^Login failure: unable to authenticate user: Unable to open browser: .*code_challenge_method=S256/,
    },
    {
      files: { ".config/waybill/settings.json": JSON.stringify({ googleClient: { id: "id", secret: "secret" } }) },
      ours: {
        stderr: /code_challenge_method=S256[\s\S]*Login failure: unable to authenticate user: that is not the address/,
        difference: 11,
      },
    },
  ),
);

export const configRows: readonly Row[] = [
  ...logout,
  ...noBrowser,
  row(
    "1.7",
    "gcr-logout with a folder in the file's place",
    ["gcr-logout"],
    {
      exitCode: 1,
      stderr:
        "Logout failure: docker-credential-gcr/store: failed to decode credentials from {HOME}/folder: read {HOME}/folder: is a directory\n",
    },
    { env: { DOCKER_CREDENTIAL_GCR_STORE: "{HOME}/folder" }, files: { "folder/x": "" } },
  ),
  row(
    "1.7",
    "gcr-login without an OAuth client of one's own",
    ["gcr-login"],
    { exitCode: 1, stderr: /^Login failure: unable to authenticate user: Unable to open browser: / },
    {
      ours: {
        stderr:
          /^Login failure: unable to authenticate user: Google signs people in to registered programs only, and none is set here\n.*WAYBILL_GOOGLE_CLIENT_ID.*\n$/,
        difference: 14,
      },
    },
  ),
  row("1.10", "config without a flag", ["config"], { exitCode: 0, files: { [configFile]: undefined } }),
  row("1.10", "config sets a source", set("store"), {
    exitCode: 0,
    stdout: "Success: Token source(s) set.\n",
    files: { [configFile]: storeOnly },
  }),
  row("1.10", "config sets several, with spaces", set(" store , env"), {
    exitCode: 0,
    stdout: "Success: Token source(s) set.\n",
    files: { [configFile]: '{"TokenSources":["store","env"]}\n' },
  }),
  row("1.10", "config sets one twice", set("store,store"), {
    exitCode: 0,
    stdout: "Success: Token source(s) set.\n",
    files: { [configFile]: '{"TokenSources":["store","store"]}\n' },
  }),
  row("1.10", "config takes quotes", set('store,"env"'), {
    exitCode: 0,
    stdout: "Success: Token source(s) set.\n",
    files: { [configFile]: '{"TokenSources":["store","env"]}\n' },
  }),
  row("1.10", "config takes the first line", set("store\nenv"), {
    exitCode: 0,
    stdout: "Success: Token source(s) set.\n",
    files: { [configFile]: storeOnly },
  }),
  row(
    "1.10",
    "config with the same value does not rewrite",
    set("store"),
    {
      exitCode: 0,
      stdout: "Success: Token source(s) set.\n",
      files: { [configFile]: '{ "TokenSources": ["store"] }' },
    },
    { files: config('{ "TokenSources": ["store"] }') },
  ),
  row(
    "1.10",
    "config and what else is in the file",
    set("env"),
    { exitCode: 0, stdout: "Success: Token source(s) set.\n", files: { [configFile]: '{"TokenSources":["env"]}\n' } },
    {
      files: config('{"Other":1,"TokenSources":["store"]}'),
      ours: { files: { [configFile]: '{"Other":1,"TokenSources":["env"]}\n' }, difference: 7 },
    },
  ),
  row("1.10", "config of nothing", set(""), { exitCode: 1, stderr: "Failure: token-source: EOF\n" }),
  row("1.10", "config of what is unknown", set(" bogus "), unsupported("bogus")),
  row("1.10", "config of gcloud's old name", set("gcloud_sdk"), unsupported("gcloud_sdk")),
  row("1.10", "config of an empty name", set("store,,env"), unsupported("")),
  row("1.10", "config with a quote left open", set('store,"env'), {
    exitCode: 1,
    stderr: 'Failure: token-source: parse error on line 1, column 11: extraneous or missing " in quoted-field\n',
  }),
  row(
    "1.10",
    "config with a damaged file",
    set("env"),
    { exitCode: 1, stderr: `Failure: token-source: ${load}${corrupt}`, files: { [configFile]: "{bad" } },
    { files: config("{bad") },
  ),
  row(
    "1.10",
    "config --unset-all",
    ["config", "--unset-all"],
    { exitCode: 0, stdout: "Success: Config reset.\n", files: { [configFile]: undefined } },
    { files: config(storeOnly) },
  ),
  row(
    "1.10",
    "config --unset-all wins",
    ["config", "--token-source=env", "--unset-all"],
    { exitCode: 0, stdout: "Success: Config reset.\n", files: { [configFile]: undefined } },
    { files: config(storeOnly) },
  ),
  row("1.10", "config --unset-all without a file", ["config", "--unset-all"], {
    exitCode: 1,
    stderr: `Failure: unset-all: remove {HOME}/${configFile}: no such file or directory\n`,
  }),
  row(
    "1.10",
    "config --unset-all with a damaged file",
    ["config", "--unset-all"],
    { exitCode: 1, stderr: `Failure: unset-all: ${load}${corrupt}`, files: { [configFile]: "{bad" } },
    { files: config("{bad") },
  ),
  row(
    "1.10",
    "config in the file that a variable names",
    set("store"),
    {
      exitCode: 0,
      stdout: "Success: Token source(s) set.\n",
      files: { "own/config.json": storeOnly, [configFile]: undefined },
    },
    { env: { DOCKER_CREDENTIAL_GCR_CONFIG: "{HOME}/own/config.json" }, files: { "own/other": "" } },
  ),
  row("1.10", "version", ["version"], {
    exitCode: 0,
    stdout: /^Google Container Registry Docker credential helper [0-9.]+\n$/,
  }),
];
