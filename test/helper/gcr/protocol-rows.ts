// Section 1.3: the protocol besides `get`, its malformed input, and a configuration that cannot be read.

import { asPattern, credentials, refused, row, typeText } from "./protocol-row.ts";
import { configFile, type Row } from "./row.ts";

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
  row(
    `${name} with a configuration that cannot be read`,
    [name],
    { exitCode: 1, stderr: "Failure: failed to load config from {HOME}/folder: read {HOME}/folder: is a directory\n" },
    { input: "gcr.io", env: { DOCKER_CREDENTIAL_GCR_CONFIG: "{HOME}/folder" }, files: { "folder/x": "" } },
  ),
]);

/** Every row. */
export const protocolRows: readonly Row[] = [
  ...empty,
  ...unimplemented,
  ...refusals,
  ...malformed,
  ...long,
  ...configured,
];
