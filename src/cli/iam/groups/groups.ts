import { type Administration, apiPath } from "../../../client/administration.ts";
import {
  type AdministrationInvocation,
  confirmLoss,
  openAdministration,
  required,
  show,
  showIfAsked,
  type Table,
} from "../../administration.ts";

type Group = { name: string; groupKey: { id: string }; displayName?: string; description?: string };
type Membership = { name: string; preferredMemberKey: { id: string }; type?: string };

const kinds: Readonly<Record<string, string>> = { USER: "user:", SERVICE_ACCOUNT: "serviceAccount:", GROUP: "group:" };

/** `waybill iam groups create` */
export async function create(invocation: AdministrationInvocation<"display-name" | "description">): Promise<number> {
  const { values, positionals, context } = invocation;
  const body = {
    groupKey: { id: positionals[0] ?? "" },
    displayName: values["display-name"],
    description: values.description,
  };
  const { response } = await openAdministration(invocation).call<{ response: Group }>("POST", "/v1/groups", body);
  context.stderr(`Created group [${response.groupKey.id}].\n`);
  showIfAsked(invocation, response, table([response]));
  return 0;
}

/** `waybill iam groups list` */
export async function list(invocation: AdministrationInvocation): Promise<number> {
  const groups = await openAdministration(invocation).list<Group>("/v1/groups", "groups");
  show(invocation, groups, table(groups));
  return 0;
}

/** `waybill iam groups describe` */
export async function describe(invocation: AdministrationInvocation): Promise<number> {
  const administration = openAdministration(invocation);
  const group = await administration.call<Group>("GET", pathOf(invocation));
  const members = await membersOf(administration, invocation);
  const rows = members.map((each) => [textOf(each), each.type]);
  show(invocation, { ...group, memberships: members }, { headings: ["MEMBER", "TYPE"], rows });
  return 0;
}

/** `waybill iam groups add-member` */
export async function addMember(invocation: AdministrationInvocation<"member">): Promise<number> {
  const member = required(invocation.values, "member", "user:EMAIL");
  const body = { preferredMemberKey: { id: member }, roles: [{ name: "MEMBER" }] };
  await openAdministration(invocation).call("POST", `${pathOf(invocation)}/memberships`, body);
  invocation.context.stderr(`Added [${member}] to group [${invocation.positionals[0]}].\n`);
  return 0;
}

/** `waybill iam groups remove-member` */
export async function removeMember(invocation: AdministrationInvocation<"member">): Promise<number> {
  const member = required(invocation.values, "member", "user:EMAIL");
  const administration = openAdministration(invocation);
  const query = `memberKey.id=${encodeURIComponent(member)}`;
  const path = `${pathOf(invocation)}/memberships:lookup?${query}`;
  const { name } = await administration.call<{ name: string }>("GET", path);
  await administration.call("DELETE", `/v1/${name}`);
  invocation.context.stderr(`Removed [${member}] from group [${invocation.positionals[0]}].\n`);
  return 0;
}

/** `waybill iam groups delete` */
export async function remove(invocation: AdministrationInvocation): Promise<number> {
  const [name] = invocation.positionals;
  await confirmLoss(invocation, `Group [${name}] will be deleted, and whatever it was granted ends. Continue?`);
  await openAdministration(invocation).call("DELETE", pathOf(invocation));
  invocation.context.stderr(`Deleted group [${name}].\n`);
  return 0;
}

async function membersOf(administration: Administration, invocation: AdministrationInvocation): Promise<Membership[]> {
  return await administration.list<Membership>(`${pathOf(invocation)}/memberships`, "memberships");
}

function pathOf({ positionals }: Pick<AdministrationInvocation, "positionals">): string {
  return apiPath`/v1/groups/${positionals[0] ?? ""}`;
}

/** As a policy names it. */
function textOf({ preferredMemberKey, type = "" }: Membership): string {
  return `${kinds[type] ?? ""}${preferredMemberKey.id}`;
}

function table(groups: readonly Group[]): Table {
  const rows = groups.map(({ groupKey, displayName, description }) => [groupKey.id, displayName, description]);
  return { headings: ["GROUP", "DISPLAY_NAME", "DESCRIPTION"], rows };
}
