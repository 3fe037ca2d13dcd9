import { type Administration, apiPath, Refused } from "../../client/administration.ts";
import { Failure } from "../../sources/failure.ts";
import { type AdministrationInvocation, openAdministration, required } from "../administration.ts";
import { UsageError } from "../command.ts";
import { showCallers } from "./callers.ts";
import { showStatus } from "./status.ts";

export type MigrateInvocation = AdministrationInvocation<
  | "from"
  | "project"
  | "upstream-credentials"
  | "location"
  | "key-days"
  | "data"
  | "database"
  | "database-file"
  | "blobs"
  | "to-data"
  | "to-database"
  | "to-database-file"
  | "to-blobs"
  | "blobs-credentials"
  | "to-blobs-credentials"
> & { values: { prepare?: boolean; "give-up"?: boolean; untagged?: boolean; "dry-run"?: boolean } };

/** `waybill migrate` */
export async function run(invocation: MigrateInvocation): Promise<number> {
  const [word, more] = invocation.positionals;
  if (word !== "folder" && more !== undefined) throw new UsageError(`${JSON.stringify(more)} is one argument too many`);
  if (word === "status") return await showStatus(invocation);
  if (word === "callers") return await showCallers(invocation);
  if (word === "installation") return await (await import("./installation.ts")).moveIt(invocation);
  if (word === "folder") return await (await import("./folder.ts")).importFolder(invocation);
  if (word !== undefined)
    throw new UsageError(`${JSON.stringify(word)} is none of status, callers, folder and installation`);
  return await begin(invocation);
}

async function begin(invocation: MigrateInvocation): Promise<number> {
  const { values, context } = invocation;
  const from = required(values, "from", "gcr.io/my-project");
  const projectId = values.project ?? projectIn(from);
  const administration = openAdministration(invocation);
  await ensureCache(administration, projectId, from, values["upstream-credentials"]);
  const body = values.location === undefined ? {} : { location: values.location };
  // A colon of a domain-scoped project is escaped, the one before the verb is not.
  await administration.call("POST", `${apiPath`/v1/projects/${projectId}`}:import`, body);
  context.stderr(`[${projectId}] answers for [${from}] now, and everything there is being brought here.\n`);
  context.stderr(`How far it is: waybill migrate status --project=${projectId}\n`);
  return 0;
}

/** The last part of the name; of a domain-scoped project the domain too. */
function projectIn(from: string): string {
  const [, ...parts] = from.split("/");
  const [first = "", second = ""] = parts;
  if (parts.length === 1 && first !== "") return first;
  if (parts.length === 2 && first.includes(".")) return `${first}:${second}`;
  throw new UsageError(`what is ${JSON.stringify(from)} to be called here?`, "name a project: --project=my-project");
}

async function ensureCache(administration: Administration, projectId: string, upstream: string, source?: string) {
  const credentials = source === undefined ? {} : { upstreamCredentials: source };
  try {
    await administration.call("POST", "/v1/projects", { projectId, name: projectId, upstream, ...credentials });
  } catch (error) {
    if (!(error instanceof Refused) || error.status !== "ALREADY_EXISTS") throw error;
    const there = await administration.call<{ upstream?: string }>("GET", apiPath`/v1/projects/${projectId}`);
    if (there.upstream === upstream) return;
    const is = there.upstream === undefined ? "is an ordinary project" : `is a cache of ${there.upstream}`;
    throw new Failure(`${projectId} is there already and ${is}`, "name another one: --project=NAME");
  }
}
