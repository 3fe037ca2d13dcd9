import { z } from "zod";
import { redact } from "../../audit/user-agent.ts";
import type { ProjectRow } from "../../storage/metadata/projects.ts";
import type { ServiceAccountRow } from "../../storage/metadata/service-accounts.ts";
import { invalidField } from "./api-error.ts";
import { etagField } from "./etag.ts";
import { nextPageToken, pageQuery, parsePage } from "./page.ts";
import { type ApiCall, type Route, route } from "./route.ts";

const accountsPerPageMax = 100;
const collection = "/v1/projects/{project}/serviceAccounts";
const one = `${collection}/{account}`;

const detailsSchema = { displayName: z.string().optional(), description: z.string().optional() };
const createSchema = z.strictObject({
  accountId: z.string(),
  serviceAccount: z.strictObject(detailsSchema).default({}),
});
/** A whole account, as whoever read one sends it back. What cannot be changed must be what it is. */
const accountSchema = z.strictObject({
  ...detailsSchema,
  etag: etagField,
  name: z.string().optional(),
  projectId: z.string().optional(),
  uniqueId: z.string().optional(),
  email: z.string().optional(),
  oauth2ClientId: z.string().optional(),
  disabled: z.boolean().optional(),
  boundWorkloads: z.array(z.string()).optional(),
});
const patchSchema = z.strictObject({
  serviceAccount: accountSchema.default({}),
  updateMask: z.string().max(200).optional(),
});
/** Ours: who alone may use the account. */
const bindSchema = z.strictObject({ workloads: z.array(z.string().max(512)).max(100) });
const emptySchema = z.strictObject({});
const listQuery = z.strictObject(pageQuery);

type AccountBody = z.infer<typeof accountSchema>;
type DetailName = "displayName" | "description";
const maskNames: Readonly<Record<string, DetailName>> = {
  displayName: "displayName",
  display_name: "displayName",
  description: "description",
};

/** IAM v1: service accounts. */
export const serviceAccountRoutes: readonly Route[] = [
  route({
    method: "POST",
    pattern: collection,
    target: "project",
    permission: "iam.serviceAccounts.create",
    body: createSchema,
    audited: ({ accountId }) => ({ accountId: redact(accountId.slice(0, 200)) }),
    handle: createAccount,
  }),
  route({
    method: "GET",
    pattern: collection,
    target: "project",
    permission: "iam.serviceAccounts.list",
    query: listQuery,
    handle: listAccounts,
  }),
  route({
    method: "GET",
    pattern: one,
    target: "serviceAccount",
    permission: "iam.serviceAccounts.get",
    handle: async ({ found }) => accountJson(found),
  }),
  route({
    method: "PATCH",
    pattern: one,
    target: "serviceAccount",
    permission: "iam.serviceAccounts.update",
    body: patchSchema,
    handle: async (call) => await updateAccount(call, call.body.serviceAccount, call.body.updateMask),
  }),
  route({
    method: "PUT",
    pattern: one,
    target: "serviceAccount",
    permission: "iam.serviceAccounts.update",
    body: accountSchema,
    handle: async (call) => await updateAccount(call, call.body, "displayName,description"),
  }),
  route({
    method: "DELETE",
    pattern: one,
    target: "serviceAccount",
    permission: "iam.serviceAccounts.delete",
    handle: async ({ services, found }) => {
      await services.serviceAccounts.delete(found.account);
      return {};
    },
  }),
  route({
    method: "POST",
    pattern: `${one}:bindWorkloads`,
    target: "serviceAccount",
    // As much as a policy it says who may be the account.
    permission: "iam.serviceAccounts.setIamPolicy",
    body: bindSchema,
    audited: ({ workloads }) => ({ workloads: redact(workloads.join(" ").slice(0, 500)) }),
    handle: async ({ services, found, body }) =>
      accountJson({ ...found, account: await services.serviceAccounts.bindTo(found.account, body.workloads) }),
  }),
  ...(["disable", "enable"] as const).map((verb) =>
    route({
      method: "POST",
      pattern: `${one}:${verb}`,
      target: "serviceAccount",
      permission: `iam.serviceAccounts.${verb}`,
      body: emptySchema,
      handle: async ({ services, found }) => {
        await services.serviceAccounts.setDisabled(found.account, verb === "disable");
        return {};
      },
    }),
  ),
];

async function createAccount({ services, found, body }: ApiCall<"project", z.infer<typeof createSchema>, unknown>) {
  const account = await services.serviceAccounts.create(found.project, body.accountId, body.serviceAccount);
  return accountJson({ project: found.project, account });
}

async function listAccounts({ services, found, query }: ApiCall<"project", unknown, z.infer<typeof listQuery>>) {
  const page = parsePage(query, accountsPerPageMax);
  const rows = await services.serviceAccounts.list(found.project.id, page.after, page.limit);
  const accounts = rows.map((account) => accountJson({ project: found.project, account }));
  return {
    ...(accounts.length > 0 && { accounts }),
    ...nextPageToken(
      rows.map(({ email }) => email),
      page,
    ),
  };
}

/** What the mask names is changed, to nothing where the body leaves it out; without a mask, what the body has. */
async function updateAccount(
  { services, found }: ApiCall<"serviceAccount", unknown, unknown>,
  body: AccountBody,
  mask?: string,
) {
  requireUnchanged(body, accountJson(found));
  const given = (["displayName", "description"] as const).filter((name) => body[name] !== undefined);
  const names = mask ? mask.split(",").map(parseMaskName) : given;
  const details = Object.fromEntries(names.map((name) => [name, body[name] ?? ""]));
  const account = await services.serviceAccounts.update(found.account, details, body.etag || undefined);
  return accountJson({ project: found.project, account });
}

function parseMaskName(text: string): DetailName {
  const name = Object.hasOwn(maskNames, text.trim()) ? maskNames[text.trim()] : undefined;
  if (name) return name;
  throw invalidField("updateMask", "may name displayName and description: nothing else of an account can be changed");
}

function requireUnchanged(body: AccountBody, current: ReturnType<typeof accountJson>): void {
  for (const name of ["name", "projectId", "uniqueId", "email", "oauth2ClientId", "disabled"] as const) {
    if (body[name] === undefined || body[name] === (current[name] ?? false)) continue;
    throw invalidField(name, "cannot be changed here");
  }
  const { boundWorkloads = current.boundWorkloads ?? [] } = body;
  if (JSON.stringify(boundWorkloads) === JSON.stringify(current.boundWorkloads ?? [])) return;
  throw invalidField("boundWorkloads", "cannot be changed here: see :bindWorkloads");
}

/** An account as `iam.v1` has it; what is empty or false is left out. */
function accountJson({ project, account }: { project: ProjectRow; account: ServiceAccountRow }) {
  const { id, email, displayName, description, etag, disabledAt, workloads } = account;
  return {
    name: `projects/${project.name}/serviceAccounts/${email}`,
    projectId: project.name,
    uniqueId: id,
    email,
    ...(displayName !== "" && { displayName }),
    ...(description !== "" && { description }),
    etag,
    oauth2ClientId: id,
    ...(disabledAt !== null && { disabled: true }),
    ...(workloads !== "" && { boundWorkloads: JSON.parse(workloads) as string[] }),
  };
}
