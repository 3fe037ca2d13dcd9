import { z } from "zod";
import type { Permission } from "../../access/permissions.ts";
import type { TaggedRules } from "../../registry/rules/rule-book.ts";
import { rulesSchema } from "../../registry/rules/rules.ts";
import type { RulesOwner } from "../../storage/metadata/rules.ts";
import { ApiError } from "./api-error.ts";
import { type ApiCall, type Route, route } from "./route.ts";
import type { TargetKind, Targets } from "./targets.ts";

/** The targets that have rules. */
type Ruled = { [Kind in TargetKind]: Targets[Kind] extends { rulesOf: RulesOwner } ? Kind : never }[TargetKind];

const read: Permission = "artifactregistry.repositories.get";
const write: Permission = "artifactregistry.repositories.update";
const etag = z.string().max(200).optional();
const setSchema = rulesSchema.extend({ etag });
const deleteQuery = z.strictObject({ etag });

/** What an owner's images are kept, deleted and frozen by, with Artifact Registry's fields (Repository, v1). */
export function rulesRoutes(pattern: string, target: Ruled): Route[] {
  const at = { pattern: `${pattern}/rules`, target } as const;
  return [
    route({ ...at, method: "GET", permission: read, handle: getRules }),
    route({ ...at, method: "PUT", permission: write, body: setSchema, handle: setRules }),
    route({ ...at, method: "DELETE", permission: write, query: deleteQuery, handle: removeRules }),
  ];
}

async function getRules({ services, found }: ApiCall<Ruled, unknown, unknown>) {
  return rulesJson(await services.rules.get(found.rulesOf));
}

async function setRules({ services, found, body }: ApiCall<Ruled, z.infer<typeof setSchema>, unknown>) {
  const { etag, ...rules } = body;
  const changed = await services.rules.set(found.rulesOf, rules, etag);
  if (!changed) throw changedMeanwhile();
  return rulesJson(changed);
}

async function removeRules({ services, found, query }: ApiCall<Ruled, unknown, z.infer<typeof deleteQuery>>) {
  if (!(await services.rules.delete(found.rulesOf, query.etag))) throw changedMeanwhile();
  return {};
}

/** As gcloud's policy files have it, so that what is read can be set. */
function rulesJson({ rules, etag }: TaggedRules) {
  const { cleanupPolicies, ...rest } = rules;
  const policies = cleanupPolicies?.map(({ name, action, ...when }) => ({ name, action: { type: action }, ...when }));
  return { ...(policies && { cleanupPolicies: policies }), ...rest, etag };
}

function changedMeanwhile(): ApiError {
  return new ApiError(
    "ABORTED",
    "Somebody changed these rules since they were read: read them again, and then set them.",
  );
}
