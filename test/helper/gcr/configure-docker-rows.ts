// Section 1.8: what configure-docker writes into Docker's configuration.
import { dockerFile, type Row } from "./row.ts";

const intro = `Configuring default registries....
WARNING: A long list of credential helpers may cause delays running 'docker build'.
We recommend passing the registry names via the --registries flag for the specific registries you are using
`;
const done = (kind = "GCR") => `{HOME}/${dockerFile} configured to use this credential helper for ${kind} registries\n`;
const supplied = (list: string, kind?: string) =>
  `Configuring supplied registries....\nAdding config for registries: ${list}\n${done(kind)}`;

const corrupt = "invalid character 'b' looking for beginning of object key string\n";

const helpers = (entries: Record<string, string>) =>
  `{\n\t"auths": {},\n\t"credHelpers": {\n${Object.entries(entries)
    .map(([host, helper]) => `\t\t${JSON.stringify(host)}: ${JSON.stringify(helper)}`)
    .join(",\n")}\n\t}\n}`;
const five = {
  "asia.gcr.io": "gcr",
  "eu.gcr.io": "gcr",
  "gcr.io": "gcr",
  "marketplace.gcr.io": "gcr",
  "us.gcr.io": "gcr",
};

/** So many hosts, whatever they are called. */
const hosts = (count: number) => new RegExp(`^(?:(?!"gcr")[\\s\\S])*(?:"gcr"(?:(?!"gcr")[\\s\\S])*){${count}}$`);

const row = (what: string, flags: string[], upstream: Row["upstream"], more: Partial<Row> = {}): Row => ({
  section: "1.8",
  what,
  argv: ["configure-docker", ...flags],
  upstream,
  ...more,
});

const existing = '{"auths":{"gcr.io":{"auth":"dTpw"}},"unknownKey":{"a":1},"credHelpers":{"z":"y","gcr.io":"gcloud"}}';
const fiveMore = '"gcr.io":"gcr","asia.gcr.io":"gcr","eu.gcr.io":"gcr","marketplace.gcr.io":"gcr","us.gcr.io":"gcr"';
/** Sorted, laid out anew, and without the key that upstream does not know. */
const rewritten = `{\n\t"auths": {\n\t\t"gcr.io": {\n\t\t\t"auth": "dTpw"\n\t\t}\n\t},\n\t"credHelpers": {\n\t\t"asia.gcr.io": "gcr",\n\t\t"eu.gcr.io": "gcr",\n\t\t"gcr.io": "gcr",\n\t\t"marketplace.gcr.io": "gcr",\n\t\t"us.gcr.io": "gcr",\n\t\t"z": "y"\n\t}\n}`;

export const configureDockerRows: readonly Row[] = [
  row("without a flag", [], {
    exitCode: 0,
    stdout: `${intro}Adding config for all GCR registries.\n${done()}`,
    files: { [dockerFile]: helpers(five) },
  }),
  row("extra words", ["extra"], {
    exitCode: 0,
    stdout: `${intro}Adding config for all GCR registries.\n${done()}`,
    files: { [dockerFile]: helpers(five) },
  }),
  row("--registries that names none is the default", ["--registries="], {
    exitCode: 0,
    stdout: `${intro}Adding config for all GCR registries.\n${done()}`,
  }),
  row(
    "--include-artifact-registry",
    ["--include-artifact-registry"],
    {
      exitCode: 0,
      stdout: `${intro}Adding config for all GCR and AR registries.\n${done("GCR and AR")}`,
      files: { [dockerFile]: hosts(93) },
    },
    { ours: { files: { [dockerFile]: hosts(97) }, difference: 8 } },
  ),
  row("--registries, with spaces and a port", ["--registries=foo.gcr.io, bar.gcr.io:5000"], {
    exitCode: 0,
    stdout: supplied("foo.gcr.io, bar.gcr.io:5000"),
    files: { [dockerFile]: helpers({ "bar.gcr.io:5000": "gcr", "foo.gcr.io": "gcr" }) },
  }),
  row("--registries after a space", ["-registries", "foo.gcr.io"], {
    exitCode: 0,
    stdout: supplied("foo.gcr.io"),
    files: { [dockerFile]: helpers({ "foo.gcr.io": "gcr" }) },
  }),
  row(
    "--registries with an empty name",
    ["--registries=foo.gcr.io,,"],
    {
      exitCode: 0,
      stdout: supplied("foo.gcr.io,,"),
      files: { [dockerFile]: helpers({ "": "gcr", "foo.gcr.io": "gcr" }) },
    },
    { ours: { files: { [dockerFile]: helpers({ "foo.gcr.io": "gcr" }) }, difference: 8 } },
  ),
  row(
    "--registries with a URL, which docker would never find",
    ["--registries=https://foo.gcr.io/"],
    {
      exitCode: 0,
      stdout: supplied("https://foo.gcr.io/"),
      files: { [dockerFile]: helpers({ "https://foo.gcr.io/": "gcr" }) },
    },
    { ours: { files: { [dockerFile]: helpers({ "foo.gcr.io": "gcr" }) }, difference: 8 } },
  ),
  row(
    "--registries with what is no host",
    ["--registries=a b"],
    { exitCode: 0, stdout: supplied("a b"), files: { [dockerFile]: helpers({ "a b": "gcr" }) } },
    {
      ours: {
        exitCode: 1,
        stdout: "Configuring supplied registries....\nAdding config for registries: a b\n",
        stderr: 'ERROR: "a b" is not a registry host\n',
        files: { [dockerFile]: undefined },
        difference: 8,
      },
    },
  ),
  row("both flags write only the given ones", ["--registries=c.gcr.io", "--include-artifact-registry"], {
    exitCode: 0,
    stdout: supplied("c.gcr.io", "GCR and AR"),
    files: { [dockerFile]: helpers({ "c.gcr.io": "gcr" }) },
  }),
  row("--registries with a quote left open", ['--registries="a'], {
    exitCode: 1,
    stdout: "Configuring supplied registries....\n",
    stderr:
      'ERROR: Unable to parse `--registries` value "\\"a": parse error on line 1, column 3: extraneous or missing " in quoted-field\n',
    files: { [dockerFile]: undefined },
  }),
  row("--registries with a quote in the middle", ['--registries=a"b'], {
    exitCode: 1,
    stdout: "Configuring supplied registries....\n",
    stderr:
      'ERROR: Unable to parse `--registries` value "a\\"b": parse error on line 1, column 2: bare " in non-quoted-field\n',
  }),
  row(
    "a file that is there",
    [],
    {
      exitCode: 0,
      stdout: `${intro}Adding config for all GCR registries.\n${done()}`,
      files: { [dockerFile]: rewritten },
    },
    {
      files: { [dockerFile]: existing },
      ours: {
        files: {
          [dockerFile]: `{"auths":{"gcr.io":{"auth":"dTpw"}},"unknownKey":{"a":1},"credHelpers":{"z":"y",${fiveMore}}}`,
        },
        difference: 7,
      },
    },
  ),
  row(
    "--overwrite",
    ["--overwrite"],
    {
      exitCode: 0,
      stdout: `${intro}Adding config for all GCR registries.\n${done()}`,
      files: { [dockerFile]: rewritten },
    },
    {
      files: { [dockerFile]: existing },
      ours: { files: { [dockerFile]: `{"unknownKey":{"a":1},"credHelpers":{"z":"y",${fiveMore}}}` }, difference: 4 },
    },
  ),
  row(
    "credsStore stays",
    ["--registries=gcr.io"],
    {
      exitCode: 0,
      stdout: supplied("gcr.io"),
      files: {
        [dockerFile]: '{\n\t"auths": {},\n\t"credsStore": "desktop",\n\t"credHelpers": {\n\t\t"gcr.io": "gcr"\n\t}\n}',
      },
    },
    { files: { [dockerFile]: '{\n\t"auths": {},\n\t"credsStore": "desktop"\n}' } },
  ),
  row(
    "an empty file",
    ["--registries=gcr.io"],
    { exitCode: 0, stdout: supplied("gcr.io"), files: { [dockerFile]: helpers({ "gcr.io": "gcr" }) } },
    { files: { [dockerFile]: "" } },
  ),
  row(
    "where DOCKER_CONFIG leads",
    ["--registries=gcr.io"],
    {
      exitCode: 0,
      stdout: supplied("gcr.io").replace(dockerFile, "elsewhere/config.json"),
      files: { "elsewhere/config.json": helpers({ "gcr.io": "gcr" }), [dockerFile]: undefined },
    },
    { env: { DOCKER_CONFIG: "{HOME}/elsewhere" } },
  ),
  row(
    "under another name",
    ["--registries=gcr.io"],
    { exitCode: 0, stdout: supplied("gcr.io"), files: { [dockerFile]: helpers({ "gcr.io": "gcr-beta" }) } },
    {
      calledAs: "docker-credential-gcr-beta",
    },
  ),
  row(
    "under a name of somebody else's",
    ["--registries=gcr.io"],
    { exitCode: 0, stdout: supplied("gcr.io"), files: { [dockerFile]: helpers({ "gcr.io": "foo" }) } },
    {
      calledAs: "docker-credential-foo",
      ours: {
        exitCode: 2,
        stdout: "",
        stderr: /unknown flag --registries/,
        files: { [dockerFile]: undefined },
        difference: 10,
      },
    },
  ),
  row(
    "not on PATH",
    [],
    { exitCode: 1, stderr: "ERROR: 'docker-credential-gcr' must exist on your PATH\n" },
    { isOnPath: false },
  ),
  row(
    "a damaged file",
    [],
    {
      exitCode: 1,
      stderr: `ERROR: Unable to load docker config: {HOME}/${dockerFile}: ${corrupt}`,
      files: { [dockerFile]: "{bad" },
    },
    {
      files: { [dockerFile]: "{bad" },
      upstreamLater: {
        stderr: `ERROR: Unable to load docker config: parsing config file ({HOME}/${dockerFile}): ${corrupt}`,
      },
    },
  ),
  row(
    "a folder that cannot be made",
    ["--registries=gcr.io"],
    {
      exitCode: 1,
      stdout: "Configuring supplied registries....\nAdding config for registries: gcr.io\n",
      stderr: /^ERROR: Unable to save docker config: .*mkdir.*\n$/,
    },
    { env: { DOCKER_CONFIG: "/proc/nowhere" } },
  ),
];
