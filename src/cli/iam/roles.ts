import { apiPath } from "../../client/administration.ts";
import {
  type AdministrationInvocation,
  confirmLoss,
  openAdministration,
  required,
  show,
  showIfAsked,
} from "../administration.ts";
import { type Invocation, parseList, UsageError } from "../command.ts";

type Role = { name: string; title?: string; includedPermissions?: string[]; deleted?: boolean };
type RoleInvocation = AdministrationInvocation<"project" | "title" | "description" | "permissions" | "stage">;

/** `waybill iam roles list` */
export async function list(
  invocation: AdministrationInvocation<"project"> & Invocation<never, "show-deleted">,
): Promise<number> {
  const { project, "show-deleted": deleted } = invocation.values;
  const own = project === undefined ? undefined : apiPath`/v1/projects/${project}/roles`;
  const administration = openAdministration(invocation);
  // A listing goes on by itself from page to page; the deleted ones fit one page.
  const roles =
    own !== undefined && deleted
      ? ((await administration.call<{ roles?: Role[] }>("GET", `${own}?showDeleted=true`)).roles ?? [])
      : await administration.list<Role>(own ?? "/v1/roles", "roles");
  const rows = roles.map((role) => [role.name, role.title, ...(deleted ? [role.deleted ? "True" : ""] : [])]);
  show(invocation, roles, { headings: ["NAME", "TITLE", ...(deleted ? ["DELETED"] : [])], rows });
  return 0;
}

/** `waybill iam roles describe` */
export async function describe(invocation: AdministrationInvocation<"project">): Promise<number> {
  const [text = ""] = invocation.positionals;
  const isOwn = invocation.values.project !== undefined || text.startsWith("projects/");
  const path = isOwn ? pathOf(invocation) : apiPath`/v1/roles/${text.replace(/^roles\//, "")}`;
  const role = await openAdministration(invocation).call<Role>("GET", path);
  show(invocation, role, { headings: ["PERMISSION"], rows: (role.includedPermissions ?? []).map((each) => [each]) });
  return 0;
}

/** `waybill iam roles create` */
export async function create(invocation: RoleInvocation): Promise<number> {
  const project = required(invocation.values, "project", "my-project");
  const [roleId = ""] = invocation.positionals;
  const body = { roleId, role: detailsOf(invocation) };
  const path = apiPath`/v1/projects/${project}/roles`;
  const role = await openAdministration(invocation).call<Role>("POST", path, body);
  invocation.context.stderr(`Created role [${roleId}].\n`);
  showIfAsked(invocation, role, { headings: ["NAME", "TITLE"], rows: [[role.name, role.title]] });
  return 0;
}

/** `waybill iam roles update` */
export async function update(invocation: RoleInvocation): Promise<number> {
  const details = detailsOf(invocation);
  if (Object.keys(details).length === 0) throw new UsageError("nothing is to be changed", "like --permissions=A,B");
  const role = await openAdministration(invocation).call<Role>("PATCH", pathOf(invocation), details);
  invocation.context.stderr(`Updated role [${invocation.positionals[0]}].\n`);
  showIfAsked(invocation, role, { headings: ["NAME", "TITLE"], rows: [[role.name, role.title]] });
  return 0;
}

/** `waybill iam roles delete` */
export async function remove(invocation: AdministrationInvocation<"project">): Promise<number> {
  const path = pathOf(invocation);
  await confirmLoss(invocation, `Role [${invocation.positionals[0]}] will grant nothing from now on. Continue?`);
  await openAdministration(invocation).call("DELETE", path);
  invocation.context.stderr(`Deleted role [${invocation.positionals[0]}].\n`);
  return 0;
}

/** `waybill iam roles undelete` */
export async function undelete(invocation: AdministrationInvocation<"project">): Promise<number> {
  await openAdministration(invocation).call("POST", `${pathOf(invocation)}:undelete`, {});
  invocation.context.stderr(`Undeleted role [${invocation.positionals[0]}].\n`);
  return 0;
}

function detailsOf({ values }: RoleInvocation) {
  const { title, description, stage, permissions } = values;
  return {
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(stage !== undefined && { stage }),
    ...(permissions !== undefined && { includedPermissions: parseList(permissions) }),
  };
}

/** A name with `--project`, or `projects/PROJECT/roles/NAME`. */
function pathOf({ values, positionals }: AdministrationInvocation<"project">): string {
  const [text = ""] = positionals;
  const [, ofProject, name] = /^projects\/([^/]+)\/roles\/([^/]+)$/.exec(text) ?? [];
  if (ofProject !== undefined && name !== undefined) return apiPath`/v1/projects/${ofProject}/roles/${name}`;
  return apiPath`/v1/projects/${required(values, "project", "my-project")}/roles/${text}`;
}
