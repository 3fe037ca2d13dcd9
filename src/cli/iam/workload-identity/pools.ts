import { apiPath } from "../../../client/administration.ts";
import {
  type AdministrationInvocation,
  confirmLoss,
  openAdministration,
  required,
  show,
  showIfAsked,
  type Table,
} from "../../administration.ts";
import { type Invocation, UsageError } from "../../command.ts";

export type Described = { name: string; displayName?: string; state?: string; disabled?: boolean };
type Operation<Response> = { response: Response };
type Text = "project" | "location" | "display-name" | "description";
type PoolInvocation = AdministrationInvocation<Text> & Invocation<never, "disabled" | "no-disabled" | "show-deleted">;

/** `waybill iam workload-identity-pools create` */
export async function create(invocation: PoolInvocation): Promise<number> {
  const { positionals, context } = invocation;
  const [id = ""] = positionals;
  const path = `${poolsPath(invocation)}?workloadIdentityPoolId=${encodeURIComponent(id)}`;
  const body = detailsOf(invocation);
  const { response } = await openAdministration(invocation).call<Operation<Described>>("POST", path, body);
  context.stderr(`Created workload identity pool [${id}].\n`);
  showIfAsked(invocation, response, table([response]));
  return 0;
}

/** `waybill iam workload-identity-pools list` */
export async function list(invocation: PoolInvocation): Promise<number> {
  const query = invocation.values["show-deleted"] ? { showDeleted: "true" } : {};
  const pools = await openAdministration(invocation).list<Described>(
    poolsPath(invocation),
    "workloadIdentityPools",
    query,
  );
  show(invocation, pools, table(pools));
  return 0;
}

/** `waybill iam workload-identity-pools describe` */
export async function describe(invocation: PoolInvocation): Promise<number> {
  const pool = await openAdministration(invocation).call<Described>("GET", poolPath(invocation));
  show(invocation, pool, table([pool]));
  return 0;
}

/** `waybill iam workload-identity-pools update` */
export async function update(invocation: PoolInvocation): Promise<number> {
  const { positionals, context } = invocation;
  const body = detailsOf(invocation);
  const path = `${poolPath(invocation)}?updateMask=${maskOf(body)}`;
  const { response } = await openAdministration(invocation).call<Operation<Described>>("PATCH", path, body);
  context.stderr(`Updated workload identity pool [${positionals[0]}].\n`);
  showIfAsked(invocation, response, table([response]));
  return 0;
}

/** `waybill iam workload-identity-pools delete` */
export async function remove(invocation: PoolInvocation): Promise<number> {
  const [id] = invocation.positionals;
  const administration = openAdministration(invocation);
  await confirmLoss(invocation, `Pool [${id}] will be deleted, and its tokens refused. Continue?`);
  await administration.call("DELETE", poolPath(invocation));
  invocation.context.stderr(`Deleted workload identity pool [${id}].\n`);
  return 0;
}

/** `waybill iam workload-identity-pools undelete` */
export async function undelete(invocation: PoolInvocation): Promise<number> {
  await openAdministration(invocation).call("POST", `${poolPath(invocation)}:undelete`, {});
  invocation.context.stderr(`Undeleted workload identity pool [${invocation.positionals[0]}].\n`);
  return 0;
}

/** What pools and providers both have, as far as it was given. */
export function detailsOf({ values }: Pick<PoolInvocation, "values">) {
  if (values.disabled && values["no-disabled"]) throw new UsageError("give either --disabled or --no-disabled");
  const disabled = values.disabled ? true : values["no-disabled"] ? false : undefined;
  const { description, "display-name": displayName } = values;
  return {
    ...(displayName !== undefined && { displayName }),
    ...(description !== undefined && { description }),
    ...(disabled !== undefined && { disabled }),
  };
}

/** The names of what a body has. */
export function maskOf(body: object): string {
  const names = Object.keys(body);
  if (names.length === 0) throw new UsageError("nothing is to be changed", "like --description=TEXT or --disabled");
  return names.join(",");
}

export function poolsPath({ values }: { values: { project?: string } }): string {
  return apiPath`/v1/projects/${required(values, "project", "my-project")}/locations/global/workloadIdentityPools`;
}

function poolPath(invocation: PoolInvocation): string {
  return `${poolsPath(invocation)}/${encodeURIComponent(invocation.positionals[0] ?? "")}`;
}

function table(pools: readonly Described[]): Table {
  const rows = pools.map(({ name, displayName, state, disabled }) => [
    name.split("/").at(-1),
    displayName,
    state,
    disabled ? "True" : "False",
  ]);
  return { headings: ["POOL", "DISPLAY NAME", "STATE", "DISABLED"], rows };
}
