import { apiPath } from "../../client/administration.ts";
import { type AdministrationInvocation, openAdministration, show } from "../administration.ts";

type Role = { name: string; title?: string; includedPermissions?: string[] };

/** `waybill iam roles list` */
export async function list(invocation: AdministrationInvocation): Promise<number> {
  const roles = await openAdministration(invocation).list<Role>("/v1/roles", "roles");
  show(invocation, roles, { headings: ["NAME", "TITLE"], rows: roles.map(({ name, title }) => [name, title]) });
  return 0;
}

/** `waybill iam roles describe` */
export async function describe(invocation: AdministrationInvocation): Promise<number> {
  const name = (invocation.positionals[0] ?? "").replace(/^roles\//, "");
  const role = await openAdministration(invocation).call<Role>("GET", apiPath`/v1/roles/${name}`);
  show(invocation, role, { headings: ["PERMISSION"], rows: (role.includedPermissions ?? []).map((each) => [each]) });
  return 0;
}
