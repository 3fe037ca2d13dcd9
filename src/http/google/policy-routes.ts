import { z } from "zod";
import { type Permission, permissions } from "../../access/permissions.ts";
import type { Policy } from "../../access/policies.ts";
import { redact } from "../../audit/user-agent.ts";
import type { ResourceKey } from "../../storage/metadata/schema.ts";
import { invalidField } from "./api-error.ts";
import { etagField } from "./etag.ts";
import { type ApiCall, type Route, route } from "./route.ts";
import type { TargetKind, Targets } from "./targets.ts";

/** The targets that have policies. */
type Governed = { [Kind in TargetKind]: Targets[Kind] extends { policy: ResourceKey } ? Kind : never }[TargetKind];

const auditConfigText = "audit settings are not supported: every decision is in the audit log";

const conditionSchema = z.strictObject({
  expression: z.string().min(1, "is empty"),
  title: z.string().optional(),
  description: z.string().optional(),
  /** Where the expression was written, for an editor: nobody reads it, so it is not kept. */
  location: z.string().max(500).optional(),
});
const bindingSchema = z.strictObject({
  role: z.string().max(200),
  members: z.array(z.string()).default([]),
  condition: conditionSchema.nullish().transform((condition) => condition ?? undefined),
});
/** A policy as whoever sets one sends it. */
export const policySchema = z.strictObject({
  version: z.union([z.literal(0), z.literal(1), z.literal(3)]).optional(),
  etag: etagField,
  bindings: z.array(bindingSchema).default([]),
  auditConfigs: z.array(z.unknown()).max(0, auditConfigText).optional(),
});
const setSchema = z.strictObject({ policy: policySchema, updateMask: z.string().max(200).optional() });
const versionSchema = z.union([z.literal(0), z.literal(1), z.literal(3)]);
const getSchema = z.strictObject({
  options: z.strictObject({ requestedPolicyVersion: versionSchema.optional() }).optional(),
});
const getQuery = z.strictObject({ "options.requestedPolicyVersion": z.enum(["0", "1", "3"]).optional() });
const testSchema = z.strictObject({ permissions: z.array(z.string().max(200)).max(100).default([]) });

/** The fields of a policy that are kept; a mask that names others asks for what cannot be done. */
const maskFields = new Set(["bindings", "etag", "version"]);

/**
 * `:getIamPolicy`, `:setIamPolicy` and `:testIamPermissions` of one kind of resource.
 *
 * @param get how the policy is read: Google's older APIs POST, its newer ones GET
 */
export function policyRoutes(
  pattern: string,
  target: Governed,
  prefix:
    | "resourcemanager.organizations"
    | "resourcemanager.projects"
    | "iam.serviceAccounts"
    | "artifactregistry.repositories",
  get: readonly ("GET" | "POST")[],
): Route[] {
  const read: Permission = `${prefix}.getIamPolicy`;
  const write: Permission = `${prefix}.setIamPolicy`;
  const reading = { pattern: `${pattern}:getIamPolicy`, target, permission: read, query: getQuery, handle: getPolicy };
  return [
    ...get.map((method) => route({ ...reading, method, ...(method === "POST" && { body: getSchema }) })),
    route({
      method: "POST",
      pattern: `${pattern}:setIamPolicy`,
      target,
      permission: write,
      body: setSchema,
      audited: ({ policy }) => ({ bindings: policy.bindings.slice(0, bindingsShownMax).map(shown) }),
      handle: setPolicy,
    }),
    route({
      method: "POST",
      pattern: `${pattern}:testIamPermissions`,
      target,
      permission: undefined,
      body: testSchema,
      handle: testPermissions,
    }),
  ];
}

/** A change of more bindings than this shows the first of them in the audit log. */
const bindingsShownMax = 100;

function shown({ role, members, condition }: z.infer<typeof bindingSchema>): string {
  const some = members.slice(0, bindingsShownMax).join(", ");
  return redact(`${role}: ${some}${condition ? ` if ${condition.expression}` : ""}`.slice(0, 2000));
}

type GetBody = z.infer<typeof getSchema> | undefined;

async function getPolicy(call: ApiCall<Governed, GetBody, z.infer<typeof getQuery>>): Promise<Policy> {
  const { services, found, body, query } = call;
  const version = body?.options?.requestedPolicyVersion ?? Number(query["options.requestedPolicyVersion"] ?? 1);
  return await services.policies.get(found.policy, version);
}

async function setPolicy({ services, found, body }: ApiCall<Governed, z.infer<typeof setSchema>, unknown>) {
  requireMask(body.updateMask);
  return await services.policies.set(found.policy, body.policy);
}

/** A mask without the bindings would leave nothing to do, and one with other fields asks for what cannot be done. */
function requireMask(mask: string | undefined): void {
  if (mask === undefined || mask === "") return;
  const fields = mask.split(",").map((field) => field.trim());
  if (fields.includes("bindings") && fields.every((field) => maskFields.has(field))) return;
  throw invalidField("updateMask", `must be "bindings", with or without ${[...maskFields].slice(1).join(" and ")}`);
}

/** Needs no permission: it tells callers only what they have, and nothing is held on a thing that does not exist. */
async function testPermissions({
  services,
  caller,
  resource,
  body,
}: ApiCall<Governed, z.infer<typeof testSchema>, unknown>) {
  const known = permissions.filter((permission) => body.permissions.includes(permission));
  const decisions = await Promise.all(known.map((permission) => services.access.decide(caller, permission, resource)));
  const held = known.filter((_, index) => decisions[index]?.allowed);
  return held.length === 0 ? {} : { permissions: held };
}
