import { apiPath } from "../../client/administration.ts";
import {
  type AdministrationInvocation,
  confirmLoss,
  openAdministration,
  show,
  showIfAsked,
} from "../administration.ts";

type User = { email: string; uniqueId: string; joinTime?: string; disabled?: boolean };

/** `waybill users list` */
export async function list(invocation: AdministrationInvocation): Promise<number> {
  const users = await openAdministration(invocation).list<User>("/v1/users", "users");
  const rows = users.map(({ email, joinTime, disabled }) => [email, joinTime, disabled ? "True" : "False"]);
  show(invocation, users, { headings: ["EMAIL", "JOINED", "DISABLED"], rows });
  return 0;
}

/** `waybill users invite`: the link is the data, so that a script can send it. */
export async function invite(invocation: AdministrationInvocation): Promise<number> {
  const { positionals, context } = invocation;
  type Answer = { link: string; expireTime: string };
  const answer = await openAdministration(invocation).call<Answer>("POST", "/v1/users:invite", {
    email: positionals[0],
  });
  if (invocation.values.format === undefined) context.stdout(`${answer.link}\n`);
  showIfAsked(invocation, answer, { headings: ["LINK", "UNTIL"], rows: [[answer.link, answer.expireTime]] });
  context.stderr(`The link works once, until ${answer.expireTime}. Whoever opens it becomes ${positionals[0]}.\n`);
  return 0;
}

/** `waybill users disable` */
export async function disable(invocation: AdministrationInvocation): Promise<number> {
  await openAdministration(invocation).call("POST", `${pathOf(invocation)}:disable`, {});
  invocation.context.stderr(`Disabled user [${invocation.positionals[0]}].\n`);
  return 0;
}

/** `waybill users enable` */
export async function enable(invocation: AdministrationInvocation): Promise<number> {
  await openAdministration(invocation).call("POST", `${pathOf(invocation)}:enable`, {});
  invocation.context.stderr(`Enabled user [${invocation.positionals[0]}].\n`);
  return 0;
}

/** `waybill users delete` */
export async function remove(invocation: AdministrationInvocation): Promise<number> {
  const administration = openAdministration(invocation);
  await confirmLoss(invocation, `User [${invocation.positionals[0]}] will be deleted, with their roles. Continue?`);
  await administration.call("DELETE", pathOf(invocation));
  invocation.context.stderr(`Deleted user [${invocation.positionals[0]}].\n`);
  return 0;
}

function pathOf({ positionals }: Pick<AdministrationInvocation, "positionals">): string {
  return apiPath`/v1/users/${positionals[0] ?? ""}`;
}
