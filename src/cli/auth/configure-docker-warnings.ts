import { findProgram } from "../../docker-config/credential-helper.ts";
import type { Context } from "../../sources/context.ts";
import { runProgram } from "../../sources/run-program.ts";
import type { ContainerProgram } from "./docker-entries.ts";

/** Docker looks at `credHelpers` since this release. */
const helpersSince = { major: 18, minor: 3, text: "18.03" };
const versionMilliseconds = 3_000;
/** `docker build` with the classic builder asks the helper about each host that is configured. */
const manyHosts = 20;

/** Warns of what would keep the helper from being asked, or make it slow. None of it stops the change. */
export async function warn(
  programs: readonly ContainerProgram[],
  helper: string,
  hostCount: number,
  context: Context,
): Promise<void> {
  const say = (text: string) => context.stderr(`waybill: warning: ${text}\n`);
  const program = `docker-credential-${helper}`;
  if (findProgram(program, context.env) === undefined)
    say(`${program} is not on PATH, where ${programs.join(" and ")} look${programs.length > 1 ? "" : "s"} for it`);
  for (const name of programs)
    if (findProgram(name, context.env) === undefined) say(`${name} is not on PATH; it must find ${program} on its own`);
  if (programs.includes("docker")) await warnOfOldDocker(say, context);
  if (hostCount > manyHosts)
    say(`\`docker build\` may ask for all ${hostCount} hosts each time; name those that you use, and it need not`);
}

/** `docker --version` asks no daemon. What does not look like docker's answer is some other program's, and no worse. */
async function warnOfOldDocker(say: (text: string) => void, { env }: Context): Promise<void> {
  const docker = findProgram("docker", env);
  if (docker === undefined) return;
  const signal = AbortSignal.timeout(versionMilliseconds);
  const said = await runProgram(docker, ["--version"], { env, signal }).catch(() => undefined);
  const [, version, major, minor] = /^Docker version ((\d+)\.(\d+)[\w.+~-]*)/.exec(said?.stdout ?? "") ?? [];
  if (version === undefined || isNewEnough(Number(major), Number(minor))) return;
  say(`the Docker client here is ${version}, which asks no helper for a host: ${helpersSince.text} or later does`);
}

function isNewEnough(major: number, minor: number): boolean {
  return major > helpersSince.major || (major === helpersSince.major && minor >= helpersSince.minor);
}
