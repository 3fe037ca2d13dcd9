import { apiPath } from "../../client/administration.ts";
import { type AdministrationInvocation, openAdministration, show, type Table } from "../administration.ts";

/** A session or a login, as the server lists it. */
type InUse = {
  name: string;
  how?: string;
  agent?: string;
  clientId?: string;
  keyId?: string;
  address?: string;
  lastUseTime?: string;
};

type Kind = "sessions" | "logins";

/** `waybill users sessions list`, `waybill users logins list` */
export function list(kind: Kind) {
  return async (invocation: AdministrationInvocation): Promise<number> =>
    await listAt(invocation, apiPath`/v1/users/${invocation.positionals[0] ?? ""}`, kind);
}

/** `waybill users sessions end`, `waybill users logins end` */
export function end(kind: Kind) {
  return async (invocation: AdministrationInvocation): Promise<number> => {
    const [email = "", id = ""] = invocation.positionals;
    return await endAt(invocation, apiPath`/v1/users/${email}`, kind, id);
  };
}

/** @param parent the path of whose they are */
export async function listAt(invocation: AdministrationInvocation, parent: string, kind: Kind): Promise<number> {
  const items = await openAdministration(invocation).list<InUse>(`${parent}/${kind}`, kind);
  show(invocation, items, kind === "sessions" ? sessionTable(items) : loginTable(items));
  return 0;
}

export async function endAt(
  invocation: AdministrationInvocation,
  parent: string,
  kind: Kind,
  id: string,
): Promise<number> {
  await openAdministration(invocation).call("DELETE", `${parent}/${kind}/${encodeURIComponent(id)}`);
  invocation.context.stderr(`Ended [${id}].\n`);
  return 0;
}

function sessionTable(items: readonly InUse[]): Table {
  const rows = items.map(({ name, how, address, lastUseTime, agent }) => [
    idOf(name),
    how,
    address,
    lastUseTime,
    agent,
  ]);
  return { headings: ["SESSION", "BY", "ADDRESS", "LAST USED", "BROWSER"], rows };
}

function loginTable(items: readonly InUse[]): Table {
  const rows = items.map(({ name, clientId, keyId, address, lastUseTime }) => {
    return [idOf(name), clientId, address, lastUseTime, keyId];
  });
  return { headings: ["LOGIN", "PROGRAM", "ADDRESS", "LAST USED", "KEY"], rows };
}

function idOf(name: string): string | undefined {
  return name.split("/").at(-1);
}
