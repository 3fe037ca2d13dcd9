import { Administration, apiPath } from "../../client/administration.ts";
import type { Context } from "../../sources/context.ts";
import { messageOf } from "../../sources/failure.ts";
import { type Identity, resolveIdentity } from "../../sources/identity.ts";
import { sourceScopes } from "../../sources/impersonation.ts";
import { instanceAccount, operatorToken } from "../../sources/instance-account.ts";
import { parseScope, pullScope } from "../../sources/scope.ts";
import { type Invocation, parseList, UsageError } from "../command.ts";
import { Door } from "./door.ts";
import { GrantedScopes } from "./granted-scopes.ts";
import { hostOf, parseListenAddress } from "./listen-address.ts";
import { openListener } from "./listener.ts";
import { createMetadataFace } from "./metadata-face.ts";
import { metadataTree } from "./metadata-tree.ts";
import { PeerLog } from "./peer-log.ts";
import { openWorkshop } from "./workshop.ts";

type Flags = Invocation<"service-account" | "scopes" | "project" | "key-file" | "account", never, "listen" | "host">;

/** `waybill metadata-server` */
export async function run(invocation: Flags): Promise<number> {
  const { values, context } = invocation;
  const listen = (values.listen ?? []).map(parseListenAddress);
  if (listen.length === 0)
    throw new UsageError("--listen is missing", "one for each network: --listen=172.17.0.1:8091");
  const granted = values.scopes === undefined ? [pullScope] : parseList(values.scopes).map(parseScope);
  if (granted.length === 0) throw new UsageError("--scopes names no scope");
  const operator = resolveIdentity(values, context.env);
  const account = instanceAccount(operator, values["service-account"], context);
  const project = values.project ?? projectOf(account.email);
  const scopes = new GrantedScopes(granted);
  const workshop = openWorkshop(account, scopes, context.now);
  // What cannot work is told now, and not to the first workload.
  await workshop.accessToken(scopes.chosen([]));
  const projectNumber = await numberOf(project, operator, context);
  const tree = metadataTree({ email: account.email, scopes: scopes.all, projectId: project, projectNumber });
  const log = new PeerLog(context.stderr, context.now);
  const servers = listen.map(openListener);
  const places = servers.map(({ address, port }) => ({ address, port }));
  const face = createMetadataFace({ door: new Door(places, values.host ?? []), tree, workshop, log });
  for (const { answerWith } of servers) answerWith(face);
  context.stderr(`waybill: tokens of ${account.email} for ${scopes.all.join(", ")}\n`);
  for (const place of places) context.stdout(`ready: http://${hostOf(place)}\n`);
  await ended();
  await Promise.all(servers.map(({ stop }) => stop()));
  return 0;
}

/** `NAME@my-project.iam.…`, or `NAME@my-project.example.com.iam.…` for the domain-scoped project `example.com:my-project`. */
function projectOf(email: string): string {
  const [, host] = /@(.+?)\.iam\./.exec(email) ?? [];
  const [project, ...domain] = host?.split(".") ?? [];
  if (project) return domain.length === 0 ? project : `${domain.join(".")}:${project}`;
  throw new UsageError(`the e-mail ${email} does not say which project it is of`, "--project=PROJECT");
}

/** Clients of Google's want one, and most do nothing with it: an operator who may not see the project gets along. */
async function numberOf(project: string, operator: Identity, context: Context): Promise<string> {
  const accessToken = async () => (await operatorToken(operator, sourceScopes, context)).token;
  try {
    const administration = new Administration({ ...operator, accessToken }, context.fetch);
    const { projectNumber } = await administration.call("GET", apiPath`/v1/projects/${project}`);
    if (typeof projectNumber === "string" && /^[0-9]+$/.test(projectNumber)) return projectNumber;
  } catch (error) {
    context.stderr(`waybill: warning: the number of project ${project} is told as 0: ${messageOf(error)}\n`);
  }
  return "0";
}

async function ended(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  await promise;
}
