import { apiPath } from "../../client/administration.ts";
import {
  type AdministrationInvocation,
  confirmLoss,
  openAdministration,
  required,
  show,
  showIfAsked,
  type Table,
} from "../administration.ts";
import { type Invocation, UsageError } from "../command.ts";

type Account = { email: string; displayName?: string; disabled?: boolean; uniqueId?: string };

/** `waybill iam service-accounts create` */
export async function create(
  invocation: AdministrationInvocation<"project" | "display-name" | "description">,
): Promise<number> {
  const { values, positionals, context } = invocation;
  const [accountId = ""] = positionals;
  const path = apiPath`/v1/projects/${required(values, "project", "my-project")}/serviceAccounts`;
  const serviceAccount = { displayName: values["display-name"], description: values.description };
  const account = await openAdministration(invocation).call<Account>("POST", path, { accountId, serviceAccount });
  context.stderr(`Created service account [${accountId}].\n`);
  showIfAsked(invocation, account, table([account]));
  return 0;
}

/** `waybill iam service-accounts list` */
export async function list(invocation: AdministrationInvocation<"project">): Promise<number> {
  const path = apiPath`/v1/projects/${required(invocation.values, "project", "my-project")}/serviceAccounts`;
  const accounts = await openAdministration(invocation).list<Account>(path, "accounts");
  show(invocation, accounts, table(accounts));
  return 0;
}

/** `waybill iam service-accounts describe` */
export async function describe(invocation: AdministrationInvocation): Promise<number> {
  const account = await openAdministration(invocation).call<Account>("GET", pathOf(invocation));
  show(invocation, account, table([account]));
  return 0;
}

/** `waybill iam service-accounts update` */
export async function update(invocation: AdministrationInvocation<"display-name" | "description">): Promise<number> {
  const { values, positionals, context } = invocation;
  const { "display-name": displayName, description } = values;
  if (displayName === undefined && description === undefined)
    throw new UsageError(
      "nothing to change",
      "--display-name=TEXT, --description=TEXT or both; an empty one takes it away",
    );
  const changed = {
    ...(displayName !== undefined && { displayName }),
    ...(description !== undefined && { description }),
  };
  const body = { serviceAccount: changed, updateMask: Object.keys(changed).join(",") };
  const account = await openAdministration(invocation).call<Account>("PATCH", pathOf(invocation), body);
  context.stderr(`Updated service account [${positionals[0]}].\n`);
  showIfAsked(invocation, account, table([account]));
  return 0;
}

/** `waybill iam service-accounts disable` */
export async function disable(invocation: AdministrationInvocation): Promise<number> {
  await openAdministration(invocation).call("POST", `${pathOf(invocation)}:disable`, {});
  invocation.context.stderr(`Disabled service account [${invocation.positionals[0]}].\n`);
  return 0;
}

/** `waybill iam service-accounts enable` */
export async function enable(invocation: AdministrationInvocation): Promise<number> {
  await openAdministration(invocation).call("POST", `${pathOf(invocation)}:enable`, {});
  invocation.context.stderr(`Enabled service account [${invocation.positionals[0]}].\n`);
  return 0;
}

/** `waybill iam service-accounts bind-workloads` */
export async function bindWorkloads(
  invocation: AdministrationInvocation<"workload"> & Invocation<never, "clear">,
): Promise<number> {
  const { values, positionals, context } = invocation;
  const workloads = values.workload?.split(",") ?? [];
  if ((workloads.length === 0) !== (values.clear === true))
    throw new UsageError("nothing to bind to", "--workload=principalSet://…[,…], or --clear to take the limit away");
  const account = await openAdministration(invocation).call<Account>("POST", `${pathOf(invocation)}:bindWorkloads`, {
    workloads,
  });
  const outcome = values.clear ? "may be used by everybody who may become it" : "is used by these workloads only";
  context.stderr(`Service account [${positionals[0]}] ${outcome}.\n`);
  showIfAsked(invocation, account, table([account]));
  return 0;
}

/** `waybill iam service-accounts delete` */
export async function remove(invocation: AdministrationInvocation): Promise<number> {
  const { positionals, context } = invocation;
  const administration = openAdministration(invocation);
  const question = `Service account [${positionals[0]}] will be deleted, with its keys and roles. Continue?`;
  await confirmLoss(invocation, question);
  await administration.call("DELETE", pathOf(invocation));
  context.stderr(`deleted service account [${positionals[0]}]\n`);
  return 0;
}

/** An e-mail says enough: the project need not be named. */
function pathOf({ positionals }: Pick<AdministrationInvocation, "positionals">): string {
  return apiPath`/v1/projects/-/serviceAccounts/${positionals[0] ?? ""}`;
}

function table(accounts: readonly Account[]): Table {
  const rows = accounts.map(({ displayName, email, disabled }) => [displayName, email, disabled ? "True" : "False"]);
  return { headings: ["DISPLAY NAME", "EMAIL", "DISABLED"], rows };
}
