import { z } from "zod";
import { roleName, roleStages } from "../../access/custom-roles.ts";
import { installationOnly, permissions } from "../../access/permissions.ts";
import { roles } from "../../access/roles.ts";
import type { CustomRoleRow } from "../../storage/metadata/custom-roles.ts";
import type { ProjectRow } from "../../storage/metadata/projects.ts";
import { ApiError, invalidField } from "./api-error.ts";
import { etagField } from "./etag.ts";
import { nextPageToken, pageQuery, parsePage } from "./page.ts";
import { roleJson } from "./role-routes.ts";
import { type ApiCall, type Route, route } from "./route.ts";

const rolesPerPageMax = 300;
const collection = "/v1/projects/{project}/roles";
const one = `${collection}/{customRole}`;

const roleSchema = z.strictObject({
  name: z.string().max(200).optional(),
  title: z.string().optional(),
  description: z.string().optional(),
  includedPermissions: z.array(z.string().max(200)).max(300).optional(),
  stage: z.enum(roleStages).optional(),
  etag: etagField,
  deleted: z.literal(false, "is changed by :undelete and DELETE").optional(),
});
const createSchema = z.strictObject({ roleId: z.string(), role: roleSchema.omit({ etag: true }).default({}) });
const yesOrNo = z.enum(["true", "false", "True", "False"]);
const listQuery = z.strictObject({
  ...pageQuery,
  view: z.enum(["BASIC", "FULL"]).optional(),
  showDeleted: yesOrNo.optional(),
});
const patchQuery = z.strictObject({ updateMask: z.string().max(200).optional() });
const deleteQuery = z.strictObject({ etag: etagField });
const undeleteSchema = z.strictObject({ etag: etagField });
const resourceSchema = z.strictObject({
  fullResourceName: z.string().max(500),
  view: z.enum(["BASIC", "FULL"]).optional(),
  pageSize: z.number().int().min(0).max(1000).optional(),
  pageToken: pageQuery.pageToken,
});

const maskNames: Readonly<Record<string, "title" | "description" | "stage" | "includedPermissions">> = {
  title: "title",
  description: "description",
  stage: "stage",
  includedPermissions: "includedPermissions",
  included_permissions: "includedPermissions",
};

/** IAM v1: the roles that a project makes for itself, and what can be in one. */
export const customRoleRoutes: readonly Route[] = [
  route({
    method: "POST",
    pattern: collection,
    target: "project",
    permission: "iam.roles.create",
    body: createSchema,
    handle: async ({ services, found, body }) => {
      const { includedPermissions, title, description, stage } = body.role;
      const details = { title, description, stage, permissions: includedPermissions };
      return customRoleJson(found.project, await services.customRoles.create(found.project, body.roleId, details));
    },
  }),
  route({
    method: "GET",
    pattern: collection,
    target: "project",
    permission: "iam.roles.list",
    query: listQuery,
    handle: listRoles,
  }),
  route({
    method: "GET",
    pattern: one,
    target: "customRole",
    permission: "iam.roles.get",
    handle: async ({ found }) => customRoleJson(found.project, found.role),
  }),
  route({
    method: "PATCH",
    pattern: one,
    target: "customRole",
    permission: "iam.roles.update",
    body: roleSchema,
    query: patchQuery,
    handle: updateRole,
  }),
  route({
    method: "DELETE",
    pattern: one,
    target: "customRole",
    permission: "iam.roles.delete",
    query: deleteQuery,
    handle: async ({ services, found, query }) => {
      const role = await services.customRoles.setDeleted(found.role, true, query.etag || undefined);
      return customRoleJson(found.project, role);
    },
  }),
  route({
    method: "POST",
    pattern: `${one}:undelete`,
    target: "customRole",
    permission: "iam.roles.undelete",
    body: undeleteSchema,
    handle: async ({ services, found, body }) => {
      const role = await services.customRoles.setDeleted(found.role, false, body.etag || undefined);
      return customRoleJson(found.project, role);
    },
  }),
  route({
    method: "POST",
    pattern: "/v1/permissions:queryTestablePermissions",
    target: "server",
    permission: undefined,
    body: resourceSchema,
    handle: async ({ body }) => {
      const page = parsePage(body, permissions.length);
      const names = permissions.filter((name) => !installationOnly.has(name) && name > page.after).toSorted();
      const shown = names.slice(0, page.limit);
      return { permissions: shown.map((name) => ({ name, stage: "GA" })), ...nextPageToken(shown, page) };
    },
  }),
  route({
    method: "POST",
    pattern: "/v1/roles:queryGrantableRoles",
    target: "server",
    permission: undefined,
    body: resourceSchema,
    handle: async ({ body }) => {
      const isProject = /^\/\/cloudresourcemanager\.googleapis\.com\/projects\/[^/]+$/.test(body.fullResourceName);
      const fit = [...roles.values()].filter(({ belowProject }) => !(belowProject && isProject));
      return { roles: fit.map((role) => roleJson(role, body.view ?? "BASIC")) };
    },
  }),
];

async function listRoles({ services, found, query }: ApiCall<"project", unknown, z.infer<typeof listQuery>>) {
  const page = parsePage(query, rolesPerPageMax);
  const deleted = query.showDeleted?.toLowerCase() === "true";
  const rows = await services.customRoles.list(found.project, deleted, page.after, page.limit);
  const shown = rows.map((row) => {
    const { includedPermissions, ...rest } = customRoleJson(found.project, row);
    return query.view === "FULL" ? { ...rest, includedPermissions } : rest;
  });
  return {
    ...(shown.length > 0 && { roles: shown }),
    ...nextPageToken(
      rows.map(({ id }) => id),
      page,
    ),
  };
}

/** What the mask names is changed, to nothing where the body leaves it out; without a mask, what the body has. */
async function updateRole(call: ApiCall<"customRole", z.infer<typeof roleSchema>, z.infer<typeof patchQuery>>) {
  const { services, found, body, query } = call;
  if (body.name !== undefined && body.name !== customRoleJson(found.project, found.role).name)
    throw invalidField("name", "cannot be changed here");
  const given = (["title", "description", "stage", "includedPermissions"] as const).filter(
    (name) => body[name] !== undefined,
  );
  const names = query.updateMask ? query.updateMask.split(",").map(parseMaskName) : given;
  const named = new Set(names);
  const details = {
    ...(named.has("title") && { title: body.title ?? "" }),
    ...(named.has("description") && { description: body.description ?? "" }),
    ...(named.has("stage") && { stage: body.stage ?? ("ALPHA" as const) }),
    ...(named.has("includedPermissions") && { permissions: body.includedPermissions ?? [] }),
  };
  return customRoleJson(found.project, await services.customRoles.update(found.role, details, body.etag || undefined));
}

function parseMaskName(text: string) {
  const name = Object.hasOwn(maskNames, text.trim()) ? maskNames[text.trim()] : undefined;
  if (name) return name;
  throw new ApiError("INVALID_ARGUMENT", "updateMask may name title, description, stage and includedPermissions.");
}

/** A role as `iam.v1` has it; what is empty or false is left out. */
function customRoleJson(project: ProjectRow, role: CustomRoleRow) {
  return {
    name: `projects/${project.name}/roles/${roleName(role)}`,
    ...(role.title !== "" && { title: role.title }),
    ...(role.description !== "" && { description: role.description }),
    includedPermissions: JSON.parse(role.permissions) as string[],
    stage: role.stage,
    etag: role.etag,
    ...(role.deletedAt !== null && { deleted: true }),
  };
}
