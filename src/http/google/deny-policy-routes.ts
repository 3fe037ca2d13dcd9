import { z } from "zod";
import type { DenyPolicy, DenyRuleText } from "../../access/deny-policies.ts";
import { AdministrationError } from "../../identity/administration-error.ts";
import { attachmentOf } from "./access-targets.ts";
import { etagField } from "./etag.ts";
import { nextPageToken, pageQuery, parsePage } from "./page.ts";
import { type ApiCall, type Route, route } from "./route.ts";

const policiesPerPageMax = 50;
const collection = "/v2/policies/{attachment}/denypolicies";
const one = `${collection}/{denyPolicy}`;

const names = z.array(z.string().max(300)).default([]);
const ruleSchema = z.strictObject({
  description: z.string().max(256).optional(),
  denyRule: z.strictObject({
    deniedPrincipals: names,
    exceptionPrincipals: names,
    deniedPermissions: names,
    exceptionPermissions: names,
    denialCondition: z.null("conditions of deny rules are not supported: name exceptionPrincipals instead").optional(),
  }),
});
/** A whole policy, as whoever read one sends it back. What cannot be changed is not looked at: the path says it. */
const policySchema = z.strictObject({
  displayName: z.string().default(""),
  rules: z.array(ruleSchema).default([]),
  etag: etagField,
  name: z.string().max(500).optional(),
  kind: z.string().max(50).optional(),
  uid: z.string().max(200).optional(),
  createTime: z.string().max(100).optional(),
  updateTime: z.string().max(100).optional(),
});
const createQuery = z.strictObject({ policyId: z.string().max(100) });
const deleteQuery = z.strictObject({ etag: etagField });
const listQuery = z.strictObject(pageQuery);

/** IAM v2: deny policies. Reading one is asked of what it hangs on; writing it of the whole server, as with Google. */
export const denyPolicyRoutes: readonly Route[] = [
  route({
    method: "GET",
    pattern: collection,
    target: "attachment",
    permission: "iam.denypolicies.list",
    query: listQuery,
    handle: listPolicies,
  }),
  route({
    method: "POST",
    pattern: collection,
    target: "overseenAttachment",
    permission: "iam.denypolicies.create",
    body: policySchema,
    query: createQuery,
    handle: async ({ services, found, body, query, path }) => {
      const { displayName, rules } = body;
      const { denyPolicies } = services;
      return done(path, await denyPolicies.create(found.policy, query.policyId, displayName, rules.map(ruleText)));
    },
  }),
  route({
    method: "GET",
    pattern: one,
    target: "attachment",
    permission: "iam.denypolicies.get",
    handle: async ({ services, found, path }) => {
      const policy = await services.denyPolicies.find(found.policy, path.denyPolicy ?? "");
      return policyJson(path, requireFound(policy, path.denyPolicy));
    },
  }),
  route({
    method: "PUT",
    pattern: one,
    target: "overseenAttachment",
    permission: "iam.denypolicies.update",
    body: policySchema,
    handle: async ({ services, found, body, path }) => {
      const change = { displayName: body.displayName, rules: body.rules.map(ruleText), etag: body.etag };
      return done(path, await services.denyPolicies.update(found.policy, path.denyPolicy ?? "", change));
    },
  }),
  route({
    method: "DELETE",
    pattern: one,
    target: "overseenAttachment",
    permission: "iam.denypolicies.delete",
    query: deleteQuery,
    handle: async ({ services, found, query, path }) =>
      done(path, await services.denyPolicies.delete(found.policy, path.denyPolicy ?? "", query.etag)),
  }),
];

async function listPolicies({
  services,
  found,
  query,
  path,
}: ApiCall<"attachment", unknown, z.infer<typeof listQuery>>) {
  const page = parsePage(query, policiesPerPageMax);
  const rows = await services.denyPolicies.list(found.policy, page.after, page.limit);
  // As with Google, a list leaves the rules out.
  const policies = rows.map((row) => {
    const { rules: _, ...rest } = policyJson(path, row);
    return rest;
  });
  return {
    ...(policies.length > 0 && { policies }),
    ...nextPageToken(
      rows.map(({ name }) => name),
      page,
    ),
  };
}

function requireFound(policy: DenyPolicy | undefined, name: string | undefined): DenyPolicy {
  if (policy) return policy;
  throw new AdministrationError("not_found", `The deny policy ${name?.slice(0, 80)} does not exist.`);
}

function ruleText({ denyRule }: z.infer<typeof ruleSchema>): DenyRuleText {
  const { denialCondition: _, ...rule } = denyRule;
  return rule;
}

type Path = ApiCall<"attachment", unknown, unknown>["path"];

/** Done when it is answered. */
function done(path: Path, policy: DenyPolicy) {
  const response = { "@type": "type.googleapis.com/google.iam.v2.Policy", ...policyJson(path, policy) };
  return { name: `${response.name}/operations/${policy.updatedAt}`, done: true, response };
}

function policyJson({ attachment = "" }: Path, { name, displayName, rules, etag, createdAt, updatedAt }: DenyPolicy) {
  return {
    name: `policies/${encodeURIComponent(attachmentOf(attachment))}/denypolicies/${name}`,
    kind: "DenyPolicy",
    displayName,
    etag,
    createTime: new Date(createdAt).toISOString(),
    updateTime: new Date(updatedAt).toISOString(),
    rules: rules.map((rule) => ({
      denyRule: Object.fromEntries(Object.entries(rule).filter(([, each]) => (each as string[]).length > 0)),
    })),
  };
}
