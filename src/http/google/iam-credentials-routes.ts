import { z } from "zod";
import type { Impersonated } from "../../access/impersonation.ts";
import type { Permission } from "../../access/permissions.ts";
import { redact } from "../../audit/user-agent.ts";
import { principalName } from "../../identity/principal.ts";
import { formatScopes, parseScopes } from "../../identity/scopes.ts";
import { parseBounds } from "../../identity/token-limits.ts";
import { isWorkload } from "../../identity/workload-binding.ts";
import { projectIdOf, refusalEvent, whenceOf, whoOf } from "../audit-facts.ts";
import { refused } from "./answer-api-error.ts";
import { ApiError, invalidField } from "./api-error.ts";
import { type ApiCall, type Route, route } from "./route.ts";

const account = "/v1/projects/{project}/serviceAccounts/{account}";
const delegatesMax = 5;
const lifetimeSecondsDefault = 3600;
const lifetimeSecondsMin = 60;
/** Google's longest, where the organization allows it. */
const lifetimeSecondsMax = 12 * 3600;

/** gcloud writes nothing as null. */
export const delegatesSchema = z
  .array(z.string().max(400))
  .max(delegatesMax, `may name ${delegatesMax} at most`)
  .nullish()
  .transform((each) => each ?? []);
/** Ours, beside Google's: what the token is to be bound to. */
const boundsShape = {
  boundNetworks: z.array(z.string()).optional(),
  boundRepositories: z.array(z.string()).optional(),
  boundWorkload: z.string().optional(),
  boundCertificate: z.boolean().optional(),
};
const accessTokenSchema = z.strictObject({
  delegates: delegatesSchema,
  scope: z.array(z.string()).min(1, "names no scope"),
  lifetime: z
    .string()
    .regex(/^[0-9]{1,6}(?:\.0+)?s$/, "is written like 3600s")
    .nullish(),
  ...boundsShape,
});
const idTokenSchema = z.strictObject({
  delegates: delegatesSchema,
  audience: z.string().min(1, "is empty").max(1024),
  includeEmail: z.boolean().nullish(),
  organizationNumberIncluded: z.boolean().nullish(),
});

/**
 * IAM Credentials v1. Whose permission is asked on which account depends on the delegates in the body, so these routes
 * let everybody in and ask by themselves.
 */
export const iamCredentialsRoutes: readonly Route[] = [
  route({
    method: "POST",
    pattern: `${account}:generateAccessToken`,
    target: "serviceAccount",
    permission: undefined,
    body: accessTokenSchema,
    handle: generateAccessToken,
  }),
  route({
    method: "POST",
    pattern: `${account}:generateIdToken`,
    target: "serviceAccount",
    permission: undefined,
    body: idTokenSchema,
    handle: async (call) => {
      const impersonated = await authorizeImpersonation(call, "iam.serviceAccounts.getOpenIdToken");
      const { audience, includeEmail } = call.body;
      const { origin } = call.context;
      await noteIssued(call, impersonated, { token: "id", audience: redact(audience) });
      return {
        token: await call.services.impersonation.idToken(impersonated, audience, origin, includeEmail ?? false),
      };
    },
  }),
];

async function generateAccessToken(call: ApiCall<"serviceAccount", z.infer<typeof accessTokenSchema>, unknown>) {
  const { scope, lifetime } = call.body;
  const scopes = parseScopes(scope.join(" "));
  if (!scopes || scopes.size === 0) throw invalidField("scope", "is malformed");
  const lifetimeSeconds = lifetime ? Number.parseInt(lifetime, 10) : lifetimeSecondsDefault;
  if (lifetimeSeconds < lifetimeSecondsMin || lifetimeSeconds > lifetimeSecondsMax) {
    throw invalidField("lifetime", `must be ${lifetimeSecondsMin} to ${lifetimeSecondsMax} seconds`);
  }
  const { boundNetworks: networks, boundRepositories: repositories, boundWorkload: workload } = call.body;
  const { certificate } = call.context;
  const bounds = parseBounds({ networks, repositories, workload, ...(call.body.boundCertificate && { certificate }) });
  const { first = call.caller.principal } = call.caller;
  if (workload !== undefined && !isWorkload(first, workload)) {
    throw invalidField("boundWorkload", "is not who asks: the token would be refused at its first use");
  }
  const impersonated = await authorizeImpersonation(call, "iam.serviceAccounts.getAccessToken");
  const { impersonation } = call.services;
  const { token, expiresAt } = impersonation.accessToken(impersonated, scopes, lifetimeSeconds, bounds);
  await noteIssued(call, impersonated, {
    token: "access",
    scope: redact(formatScopes(scopes)),
    expiresInSeconds: lifetimeSeconds,
  });
  return { accessToken: token, expireTime: new Date(expiresAt).toISOString().replace(/\.[0-9]+Z$/, "Z") };
}

type Issued = {
  readonly token: string;
  readonly scope?: string;
  readonly audience?: string;
  readonly expiresInSeconds?: number;
};

/** Whoever asked is the one who did it, whomever the token makes them. */
export async function noteIssued(
  { services, caller, context, body }: DelegatedCall,
  { account }: Impersonated,
  issued: Issued,
): Promise<void> {
  const grant = body.delegates.length > 0 ? `impersonation over ${body.delegates.length} delegates` : "impersonation";
  await services.audit.issued({
    kind: "token.issued",
    grant,
    subject: principalName(account),
    ...issued,
    who: whoOf(caller),
    from: whenceOf(context),
    projectId: account.projectId,
  });
}

export type DelegatedCall = ApiCall<"serviceAccount", { readonly delegates: readonly string[] }, unknown>;

export async function authorizeImpersonation(call: DelegatedCall, permission: Permission): Promise<Impersonated> {
  const { services, caller, context, path, found, resource, body } = call;
  const delegates = body.delegates.map((each) => each.replace(/^projects\/[^/]+\/serviceAccounts\//, ""));
  const outcome = await services.impersonation.authorize(caller, delegates, path.account ?? "", permission);
  if (!outcome.allowed) {
    services.audit.note(refusalEvent(caller, context, outcome, projectIdOf(resource)));
    throw refused(outcome);
  }
  // The path may name a project, and an account of another project is not found there.
  if (!found) throw new ApiError("NOT_FOUND", `service account ${path.account} does not exist.`);
  return outcome;
}
