import { findProgram } from "../../docker-config/credential-helper.ts";
import type { Env } from "../../sources/context.ts";
import { Failure } from "../../sources/failure.ts";
import { parseHosts } from "../auth/docker-entries.ts";
import { type Invocation, UsageError } from "../command.ts";
import { authorize } from "./authorize.ts";
import { becomeProgram } from "./become-program.ts";

type DockerInvocation = Invocation<"server" | "docker-host", "authorize-only">;

/** `waybill docker` */
export async function run({ values, positionals, argv, context }: DockerInvocation): Promise<number> {
  const isOnlyAuthorizing = values["authorize-only"] === true;
  const dockerArguments = argumentsAfterDashes(argv, positionals, isOnlyAuthorizing);
  const hosts = values.server === undefined ? undefined : parseHosts(values.server);
  const path = isOnlyAuthorizing ? undefined : findDocker(context.env);
  const authorized = await authorize(hosts, context);
  if (path !== undefined) {
    const engine = values["docker-host"];
    return await becomeProgram(path, ["docker", ...(engine ? ["-H", engine] : []), ...dockerArguments], context.env);
  }
  context.stderr(`Docker has short-lived access to ${authorized.join(", ")}.\n`);
  return 0;
}

/** The `--` is needed: without it `waybill docker ps -a` would mean something else. */
function argumentsAfterDashes(argv: readonly string[], positionals: string[], isOnlyAuthorizing: boolean): string[] {
  const dashes = argv.indexOf("--");
  if (positionals.length > (dashes < 0 ? 0 : argv.length - dashes - 1))
    throw new UsageError("docker's own arguments stand after --", `waybill docker -- ${positionals.join(" ")}`);
  if (isOnlyAuthorizing && positionals.length > 0)
    throw new UsageError("--authorize-only does not run docker, so it takes no arguments after --");
  if (!isOnlyAuthorizing && positionals.length === 0)
    throw new UsageError("what should docker do?", "waybill docker -- push localhost:5000/my-project/my-image");
  return positionals;
}

function findDocker(env: Env): string {
  const path = findProgram("docker", env);
  if (path === undefined) throw new Failure("docker is not on PATH", "install it, or use --authorize-only");
  return path;
}
