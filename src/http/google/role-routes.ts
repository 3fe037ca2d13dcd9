import { z } from "zod";
import { type Role, roles } from "../../access/roles.ts";
import { ApiError } from "./api-error.ts";
import { nextPageToken, pageQuery, parsePage } from "./page.ts";
import { type ApiCall, type Route, route } from "./route.ts";

const rolesPerPageMax = 1000;
const listQuery = z.strictObject({
  ...pageQuery,
  view: z.enum(["BASIC", "FULL"]).optional(),
  showDeleted: z.enum(["true", "false", "True", "False"]).optional(),
});

/** IAM v1: the predefined roles. They are no secret to whoever is logged in. */
export const roleRoutes: readonly Route[] = [
  route({
    method: "GET",
    pattern: "/v1/roles",
    target: "server",
    permission: undefined,
    query: listQuery,
    handle: listRoles,
  }),
  route({
    method: "GET",
    pattern: "/v1/roles/{role}",
    target: "server",
    permission: undefined,
    handle: async ({ path }) => {
      const role = roles.get(`roles/${path.role}`);
      if (!role) throw new ApiError("NOT_FOUND", `There is no role roles/${path.role?.slice(0, 80)}.`);
      return roleJson(role, "FULL");
    },
  }),
];

async function listRoles({ query }: ApiCall<"server", unknown, z.infer<typeof listQuery>>) {
  const page = parsePage(query, rolesPerPageMax);
  const rest = [...roles.values()].filter(({ name }) => name > page.after).sort((a, b) => (a.name < b.name ? -1 : 1));
  const rows = rest.slice(0, page.limit);
  return {
    roles: rows.map((role) => roleJson(role, query.view ?? "BASIC")),
    ...nextPageToken(
      rows.map(({ name }) => name),
      page,
    ),
  };
}

/** A role as `iam.v1` has it. */
export function roleJson({ name, title, permissions }: Role, view: "BASIC" | "FULL") {
  return { name, title, stage: "GA", ...(view === "FULL" && { includedPermissions: [...permissions].sort() }) };
}
