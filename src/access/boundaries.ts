import { z } from "zod";
import { AdministrationError } from "../identity/administration-error.ts";
import { ExpressionError } from "../identity/expression.ts";
import type { BoundaryRule, TokenLimits } from "../identity/token-limits.ts";
import { type Conditions, compileCondition } from "./conditions.ts";
import type { Permission } from "./permissions.ts";
import type { ConditionAttributes, Resource } from "./resource.ts";
import { roles } from "./roles.ts";

/** Google's limit. */
const rulesMax = 10;
const resourcePattern =
  /^\/\/(?:artifactregistry|cloudresourcemanager)\.googleapis\.com\/(projects\/[^/]+(?:\/locations\/[^/]+(?:\/repositories\/.+)?)?)$/;
const rolePattern = /^inRole:(roles\/[A-Za-z.]+)$/;

const optionsSchema = z.object({
  accessBoundary: z
    .object({
      accessBoundaryRules: z
        .array(
          z.strictObject({
            availableResource: z.string().max(600),
            availablePermissions: z.array(z.string()).min(1).max(10),
            availabilityCondition: z
              .object({ expression: z.string(), title: z.string().optional(), description: z.string().optional() })
              .optional(),
          }),
        )
        .min(1)
        .max(rulesMax),
    })
    .optional(),
});

/** Reads a credential access boundary, the `options` of a token exchange; undefined where there is none. Throws `invalid`. */
export async function parseBoundary(options: string | undefined): Promise<TokenLimits | undefined> {
  if (options === undefined) return undefined;
  const parsed = optionsSchema.safeParse(parseJson(options));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`options: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  const rules = parsed.data.accessBoundary?.accessBoundaryRules;
  if (!rules) return undefined;
  const boundary: BoundaryRule[] = [];
  for (const { availableResource, availablePermissions, availabilityCondition } of rules) {
    const [, resource] = resourcePattern.exec(availableResource) ?? [];
    if (resource === undefined) {
      throw invalid(
        `availableResource: write //artifactregistry.googleapis.com/projects/PROJECT/locations/LOCATION/repositories/PATH, or less of it`,
      );
    }
    const condition = availabilityCondition?.expression;
    if (condition !== undefined) await requireGood(condition);
    boundary.push({ resource, roles: availablePermissions.map(parseRole), ...(condition && { condition }) });
  }
  return { boundaries: [boundary] };
}

/** Whether a token's boundaries leave something to it, and whether the clock alone may change that. */
export async function boundariesAdmit(
  { boundaries = [] }: TokenLimits,
  permission: Permission,
  { attributes }: Resource,
  conditions: Conditions,
  now: number,
): Promise<{ admitted: boolean; momentary: boolean }> {
  let momentary = false;
  for (const rules of boundaries) {
    let admitted = false;
    for (const rule of rules) {
      if (admitted || !attributes || !reaches(rule, permission, attributes)) continue;
      const condition = rule.condition === undefined ? undefined : await conditions.read(asJson(rule.condition));
      momentary ||= condition?.readsTime ?? false;
      admitted = rule.condition === undefined || condition?.holds(attributes, now) === true;
    }
    if (!admitted) return { admitted: false, momentary };
  }
  return { admitted: true, momentary };
}

function reaches(rule: BoundaryRule, permission: Permission, { name }: ConditionAttributes): boolean {
  if (rule.resource !== undefined && name !== rule.resource && !name.startsWith(`${rule.resource}/`)) return false;
  if (rule.repository !== undefined && !isRepository(name, rule.repository)) return false;
  return rule.roles
    ? rule.roles.some((role) => roles.get(role)?.permissions.has(permission))
    : permission.startsWith("artifactregistry.");
}

/** @param pattern `demo/app`, or `demo/team/*` */
function isRepository(name: string, pattern: string): boolean {
  const [, project = "", image = ""] = /^projects\/([^/]+)\/locations\/[^/]+\/repositories\/(.+)$/.exec(name) ?? [];
  const path = `${project.replace(":", "/")}/${image}`;
  if (image === "") return false;
  return pattern.endsWith("/*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

function parseRole(text: string): string {
  const [, role] = rolePattern.exec(text) ?? [];
  if (role !== undefined && roles.has(role)) return role;
  throw invalid(`availablePermissions: "${text.slice(0, 80)}" is no inRole:roles/… that this server has.`);
}

async function requireGood(expression: string): Promise<void> {
  try {
    await compileCondition(expression);
  } catch (error) {
    if (error instanceof ExpressionError) throw invalid(`availabilityCondition: ${error.message}.`);
    throw error;
  }
}

function asJson(expression: string): string {
  return JSON.stringify({ expression });
}

/** Node's library encodes it once more than a form needs. */
function parseJson(text: string): unknown {
  for (const form of [text, decoded(text)]) {
    try {
      return JSON.parse(form);
    } catch {}
  }
  return undefined;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function invalid(message: string): AdministrationError {
  return new AdministrationError("invalid", message);
}
