// One row of the differential table: a command line with its input and files, what docker-credential-gcr was recorded to
// do with it, and what ours does where it differs. The same row is run through either program.
import { chmodSync, existsSync, readdirSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runCli } from "../../../src/cli/run.ts";
import { runHelper } from "../../../src/helper/run.ts";
import { context } from "../../cli/context.ts";
import { Home } from "../home.ts";

/** What a program did. `{HOME}` stands for the home it ran in; a pattern is for what differs from machine to machine. */
export type Expected = {
  exitCode: number;
  stdout?: string | RegExp;
  stderr?: string | RegExp;
  /** Files of the home afterwards; undefined means that it is not there. */
  files?: Readonly<Record<string, string | RegExp | undefined>>;
};

export type Row = {
  /** The section of the recorded facts. */
  section: string;
  what: string;
  argv: readonly string[];
  input?: string;
  /** Files of the home before, by their names in it. */
  files?: Readonly<Record<string, string>>;
  env?: Readonly<Record<string, string>>;
  /** What the machine's metadata server says of its token. */
  metadata?: Readonly<Record<string, unknown>>;
  /** A shell script that stands in for gcloud. */
  gcloud?: string;
  /** The name that the program is called by. */
  calledAs?: string;
  /** The folder that it runs in decides. */
  needsFolder?: true;
  /** About a setting that only ours has. */
  ownSetting?: true;
  /** PATH has the program, unless this says no. */
  isOnPath?: false;
  upstream: Expected;
  /** A later release of upstream was seen to do this instead. */
  upstreamLater?: Partial<Expected>;
  /** Where ours differs, and the number of the difference in docs/docker-credential-gcr.md. */
  ours?: Partial<Expected> & { difference: number };
};

export type Outcome = { exitCode: number; stdout: string; stderr: string; files: Record<string, string | undefined> };

/** Runs a program, which sees itself called by a name, in a home with these variables. */
export type Program = (home: Home, calledAs: string, row: Row, env: Record<string, string>) => Promise<Said>;
type Said = { exitCode: number; stdout: string; stderr: string };

export const storeFile = ".config/gcloud/docker_credentials.json";
export const configFile = ".config/gcloud/docker_credential_gcr_config.json";
export const dockerFile = ".docker/config.json";
/** What makes gcloud's account known without gcloud. */
export const gcloudAccount = { ".config/gcloud/configurations/config_default": "[core]\naccount = me@example.com\n" };

const main = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));

/** Ours, in this very process: the table is long. A row that needs a folder to be in gets a process. */
export const ours: Program = async (home, calledAs, row, env) => {
  if (row.needsFolder) return await runProcess([process.execPath, main, calledAs, ...row.argv], home, row, env);
  const { it, said } = context({ env, stdin: row.input ?? "", fetch: loopbackOnly });
  const exitCode = await runHelper(calledAs, row.argv, it, (argv) => runCli(argv, it));
  return { exitCode, ...said };
};

/** Upstream's, from its executable. */
export function upstream(executable: string): Program {
  return (home, calledAs, row, env) => runProcess([executable, ...row.argv], home, row, env, calledAs);
}

/** Runs a row in a home of its own. */
export async function runRow(row: Row, program: Program): Promise<Outcome> {
  using home = new Home();
  using metadata = row.metadata ? serveMetadata(row.metadata) : undefined;
  prepare(home, row);
  const variables = {
    ...home.env,
    ...fill(row.env ?? {}, home),
    ...(metadata && { GCE_METADATA_HOST: metadata.host }),
  };
  const { exitCode, stdout, stderr } = await program(home, row.calledAs ?? "docker-credential-gcr", row, variables);
  const text = (said: string) => normalise(said.replaceAll(home.folder, "{HOME}"), row);
  return { exitCode, stdout: text(stdout), stderr: text(stderr), files: filesOf(home, row) };
}

async function runProcess(command: string[], home: Home, row: Row, env: Record<string, string>, argv0?: string) {
  const stdin = Buffer.from(row.input ?? "");
  const options = { cwd: home.folder, env, stdin, stdout: "pipe", stderr: "pipe" } as const;
  const child = Bun.spawn(command, argv0 === undefined ? options : { ...options, argv0 });
  const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { exitCode, stdout, stderr };
}

function loopbackOnly(request: Request): Promise<Response> {
  if (new URL(request.url).hostname === "127.0.0.1") return fetch(request);
  return Promise.reject(new Error("there is no network"));
}

function prepare(home: Home, { files = {}, gcloud, isOnPath, calledAs = "docker-credential-gcr" }: Row): void {
  for (const [name, text] of Object.entries(files)) home.write(name, text.replaceAll("{HOME}", home.folder), 0o644);
  if (isOnPath !== false) home.program(calledAs, "");
  else chmodSync(home.write("bin/other", "", 0o755), 0o755);
  if (gcloud !== undefined) home.program("gcloud", gcloud);
}

function fill(env: Readonly<Record<string, string>>, home: Home): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, text]) => [name, text.replaceAll("{HOME}", home.folder)]));
}

/** The order of two things is another one in each run of upstream's: the sources in a help text, the groups of `commands`. */
function normalise(text: string, { argv }: Row): string {
  const sorted = text.replace(/(Supported sources are: )[a-z, ]+?( \(default)/, "$1env, gcloud, store$2");
  return argv[0] === "commands" ? sorted.split("\n").sort().join("\n") : sorted;
}

function filesOf(home: Home, { upstream, ours }: Row): Record<string, string | undefined> {
  const names = Object.keys({ ...upstream.files, ...ours?.files });
  return Object.fromEntries(
    names.map((name) => [
      name,
      isFile(home.path(name)) ? home.read(name).replaceAll(home.folder, "{HOME}") : undefined,
    ]),
  );
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

/** Every name below a folder of the home, for tests that nothing is left behind. */
export function namesIn(home: Home, folder: string): string[] {
  return existsSync(home.path(folder)) ? readdirSync(home.path(folder)).sort() : [];
}

/** A machine's metadata server, as Google's libraries ask it. */
function serveMetadata(token: Readonly<Record<string, unknown>>) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch(request) {
      const headers = { "metadata-flavor": "Google" };
      const { pathname } = new URL(request.url);
      if (pathname.endsWith("/token")) return Response.json(token, { headers });
      if (pathname.endsWith("/email")) return new Response("robot@example.com", { headers });
      if (pathname.endsWith("/universe/universe-domain")) return new Response("googleapis.com", { headers });
      return new Response("", { headers });
    },
  });
  return { host: `127.0.0.1:${server.port}`, [Symbol.dispose]: () => void server.stop(true) };
}
