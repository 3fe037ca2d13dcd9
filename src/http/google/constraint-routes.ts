import { z } from "zod";
import { constraints, requireConstraint } from "../../identity/constraints.ts";
import type { ConstraintRow } from "../../storage/metadata/constraints.ts";
import { invalidField } from "./api-error.ts";
import { etagField } from "./etag.ts";
import { type ApiCall, type Route, route } from "./route.ts";

const name = z
  .string()
  .max(200)
  .transform((text) => text.replace(/^constraints\//, ""));
const constraintSchema = z.strictObject({ constraint: name });
/** All of them fit one page; what Google's clients send of pages is taken and not needed. */
const listSchema = z.strictObject({
  pageSize: z.number().int().optional(),
  pageToken: z.string().max(1024).optional(),
});
const etag = etagField;
const policySchema = z.strictObject({
  constraint: name,
  version: z.number().int().optional(),
  etag,
  updateTime: z.string().max(100).optional(),
  booleanPolicy: z.strictObject({ enforced: z.boolean().default(false) }).optional(),
  listPolicy: z.strictObject({ allowedValues: z.array(z.string().max(100)).max(10).default([]) }).optional(),
  /** What is above counts: the same as taking the constraint back. */
  restoreDefault: z.strictObject({}).optional(),
});
const setSchema = z.strictObject({ policy: policySchema });
const clearSchema = z.strictObject({ constraint: name, etag });

/**
 * Resource Manager v1's organization policies, of those constraints that there are here. Setting one is asked of the whole
 * server's policy: a project's owners do not lift what binds them.
 */
export function constraintRoutes(
  pattern: string,
  target: "organization" | "project",
  overseer: "organization" | "overseen",
): readonly Route[] {
  const reading = { method: "POST", target, permission: "orgpolicy.policy.get" } as const;
  const writing = { method: "POST", target: overseer, permission: "orgpolicy.policy.set" } as const;
  return [
    route({ ...reading, pattern: `${pattern}:listOrgPolicies`, body: listSchema, handle: list }),
    route({
      ...reading,
      pattern: `${pattern}:listAvailableOrgPolicyConstraints`,
      body: listSchema,
      handle: async () => ({ constraints: constraints.map(constraintJson) }),
    }),
    route({ ...reading, pattern: `${pattern}:getOrgPolicy`, body: constraintSchema, handle: get }),
    route({ ...reading, pattern: `${pattern}:getEffectiveOrgPolicy`, body: constraintSchema, handle: getEffective }),
    route({ ...writing, pattern: `${pattern}:setOrgPolicy`, body: setSchema, handle: set }),
    route({ ...writing, pattern: `${pattern}:clearOrgPolicy`, body: clearSchema, handle: clear }),
  ];
}

type Kind = "organization" | "project" | "overseen";

async function list({ services, found }: ApiCall<Kind, unknown, unknown>) {
  const policies = (await services.constraints.list(found.policy)).map(policyJson);
  return policies.length > 0 ? { policies } : {};
}

async function get({ services, found, body }: ApiCall<Kind, z.infer<typeof constraintSchema>, unknown>) {
  const { name } = requireConstraint(body.constraint);
  const row = await services.constraints.find(found.policy, name);
  return row ? policyJson(row) : { constraint: `constraints/${name}` };
}

async function getEffective({ services, found, body }: ApiCall<Kind, z.infer<typeof constraintSchema>, unknown>) {
  const { name, kind } = requireConstraint(body.constraint);
  const row = await services.constraints.effective(found.policy, name);
  if (row) return policyJson(row);
  const nothing = kind === "boolean" ? { booleanPolicy: {} } : { listPolicy: { allValues: "ALLOW" } };
  return { constraint: `constraints/${name}`, ...nothing };
}

async function set({ services, found, body }: ApiCall<Kind, z.infer<typeof setSchema>, unknown>) {
  const { constraint, booleanPolicy, listPolicy, restoreDefault, etag: expected } = body.policy;
  if ([booleanPolicy, listPolicy, restoreDefault].filter((each) => each !== undefined).length !== 1)
    throw invalidField("policy", "has one of booleanPolicy, listPolicy and restoreDefault");
  if (restoreDefault) {
    await services.constraints.reset(found.policy, constraint);
    return { constraint: `constraints/${constraint}` };
  }
  const value = booleanPolicy ? String(booleanPolicy.enforced) : (listPolicy?.allowedValues.join(",") ?? "");
  return policyJson(await services.constraints.set(found.policy, constraint, value, expected || undefined));
}

async function clear({ services, found, body }: ApiCall<Kind, z.infer<typeof clearSchema>, unknown>) {
  await services.constraints.reset(found.policy, body.constraint);
  return {};
}

function policyJson({ name: constraint, value, etag: current, updatedAt }: ConstraintRow) {
  const isBoolean = value === "true" || value === "false";
  return {
    version: 1,
    constraint: `constraints/${constraint}`,
    etag: current,
    updateTime: new Date(updatedAt).toISOString(),
    ...(isBoolean
      ? { booleanPolicy: value === "true" ? { enforced: true } : {} }
      : { listPolicy: { allowedValues: [value] } }),
  };
}

function constraintJson({ name: constraint, displayName, description, kind }: (typeof constraints)[number]) {
  return {
    version: 1,
    name: `constraints/${constraint}`,
    displayName,
    description,
    constraintDefault: "ALLOW",
    ...(kind === "boolean" ? { booleanConstraint: {} } : { listConstraint: {} }),
  };
}
