import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Details } from "../../identity/federation/workload-identity.ts";
import type { ProjectRow } from "../../storage/metadata/projects.ts";
import type { PoolRow, Slice } from "../../storage/metadata/workload-identity.ts";
import { ApiError, invalidField } from "./api-error.ts";
import { nextPageToken, pageQuery, parsePage } from "./page.ts";
import { type ApiCall, type Route, route } from "./route.ts";

const perPageMax = 100;
const collection = "/v1/projects/{project}/locations/global/workloadIdentityPools";
const one = `${collection}/{pool}`;

/** What a pool and a provider both have. What only the server says must be what it is, or is passed over. */
export const detailsShape = {
  displayName: z.string().optional(),
  description: z.string().optional(),
  disabled: z.boolean().optional(),
  name: z.string().optional(),
  state: z.string().optional(),
};
const poolSchema = z.strictObject({
  ...detailsShape,
  mode: z.enum(["FEDERATION_ONLY", "MODE_UNSPECIFIED"]).optional(),
});
const emptySchema = z.strictObject({});
const createQuery = z.strictObject({ workloadIdentityPoolId: z.string() });
export const listQuery = z.strictObject({
  ...pageQuery,
  showDeleted: z.enum(["true", "false", "True", "False"]).optional(),
});
export const maskQuery = z.strictObject({ updateMask: z.string().min(1, "names nothing").max(500) });

/** IAM v1: workload identity pools. Every change is an operation that is done when it is answered. */
export const poolRoutes: readonly Route[] = [
  route({
    method: "POST",
    pattern: collection,
    target: "project",
    permission: "iam.workloadIdentityPools.create",
    body: poolSchema,
    query: createQuery,
    handle: async ({ services, found: { project }, body, query }) => {
      const pool = await services.workloadIdentity.createPool(project, query.workloadIdentityPoolId, body);
      return poolOperation(project, pool);
    },
  }),
  route({
    method: "GET",
    pattern: collection,
    target: "project",
    permission: "iam.workloadIdentityPools.list",
    query: listQuery,
    handle: listPools,
  }),
  route({
    method: "GET",
    pattern: one,
    target: "pool",
    permission: "iam.workloadIdentityPools.get",
    handle: async ({ found }) => poolJson(found.project, found.pool),
  }),
  route({
    method: "PATCH",
    pattern: one,
    target: "pool",
    permission: "iam.workloadIdentityPools.update",
    body: poolSchema,
    query: maskQuery,
    handle: async ({ services, found: { project, pool }, body, query }) => {
      requireThere(pool);
      const details = maskedDetails(query.updateMask, body);
      return poolOperation(project, await services.workloadIdentity.updatePool(pool, details));
    },
  }),
  route({
    method: "DELETE",
    pattern: one,
    target: "pool",
    permission: "iam.workloadIdentityPools.delete",
    handle: async ({ services, found: { project, pool } }) => {
      requireThere(pool);
      return poolOperation(project, await services.workloadIdentity.setPoolDeleted(pool, true));
    },
  }),
  route({
    method: "POST",
    pattern: `${one}:undelete`,
    target: "pool",
    permission: "iam.workloadIdentityPools.undelete",
    body: emptySchema,
    handle: async ({ services, found: { project, pool } }) => {
      requireDeleted(pool);
      return poolOperation(project, await services.workloadIdentity.setPoolDeleted(pool, false));
    },
  }),
  route({
    method: "GET",
    pattern: `${one}/operations/{operation}`,
    target: "pool",
    permission: "iam.workloadIdentityPools.get",
    handle: async ({ found: { project, pool }, path }) => poolOperation(project, pool, path.operation),
  }),
];

async function listPools({ services, found, query }: ApiCall<"project", unknown, z.infer<typeof listQuery>>) {
  const page = parsePage(query, perPageMax);
  const pools = await services.workloadIdentity.listPools(found.project.id, sliceOf(page, query.showDeleted));
  return {
    ...(pools.length > 0 && { workloadIdentityPools: pools.map((pool) => poolJson(found.project, pool)) }),
    ...nextPageToken(
      pools.map(({ name }) => name),
      page,
    ),
  };
}

/** @param showDeleted as gcloud and as others write it */
export function sliceOf(page: { after: string; limit: number }, showDeleted: string | undefined): Slice {
  return { ...page, showDeleted: showDeleted?.toLowerCase() === "true" };
}

/** What may be said of a pool, as the mask names it, to nothing where the body leaves it out. */
function maskedDetails(mask: string, body: z.infer<typeof poolSchema>): Details {
  const { displayName = "", description = "", disabled = false } = body;
  const known = { displayName, description, disabled };
  const names = mask.split(",").map((text) => camel(text.trim()));
  for (const name of names) {
    if (!Object.hasOwn(known, name)) throw invalidField("updateMask", "may name displayName, description, disabled");
  }
  return Object.fromEntries(Object.entries(known).filter(([name]) => names.includes(name)));
}

/** A mask may be written as the API's own messages are. */
export function camel(text: string): string {
  return text.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

export function requireThere({ deletedAt, name }: { deletedAt: number | null; name: string }): void {
  if (deletedAt !== null) throw new ApiError("FAILED_PRECONDITION", `${name} is deleted: undelete it first.`);
}

export function requireDeleted({ deletedAt, name }: { deletedAt: number | null; name: string }): void {
  if (deletedAt === null) throw new ApiError("FAILED_PRECONDITION", `${name} is not deleted.`);
}

/** google.longrunning.Operation. @param name everything before `/operations/` */
export function doneOperation(name: string, response: object, id = randomBytes(12).toString("hex")): object {
  return { name: `${name}/operations/${id}`, done: true, response };
}

export function poolName(project: ProjectRow, pool: PoolRow): string {
  return `projects/${project.id}/locations/global/workloadIdentityPools/${pool.name}`;
}

function poolOperation(project: ProjectRow, pool: PoolRow, id?: string): object {
  const type = "type.googleapis.com/google.iam.v1.WorkloadIdentityPool";
  return doneOperation(poolName(project, pool), { "@type": type, ...poolJson(project, pool) }, id);
}

function poolJson(project: ProjectRow, pool: PoolRow) {
  return { name: poolName(project, pool), ...detailsJson(pool) };
}

/** What is empty or false is left out. */
export function detailsJson({ displayName, description, disabledAt, deletedAt }: Omit<PoolRow, "projectId">) {
  return {
    ...(displayName !== "" && { displayName }),
    ...(description !== "" && { description }),
    state: deletedAt === null ? "ACTIVE" : "DELETED",
    ...(disabledAt !== null && { disabled: true }),
  };
}
