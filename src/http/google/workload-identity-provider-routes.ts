import { z } from "zod";
import type { ProviderSettings } from "../../identity/federation/provider-settings.ts";
import type { Provider } from "../../identity/federation/workload-identity.ts";
import { invalidField } from "./api-error.ts";
import { nextPageToken, parsePage } from "./page.ts";
import { type ApiCall, type Route, route } from "./route.ts";
import type { Targets } from "./targets.ts";
import {
  camel,
  detailsJson,
  detailsShape,
  doneOperation,
  listQuery,
  maskQuery,
  poolName,
  requireDeleted,
  requireThere,
  sliceOf,
} from "./workload-identity-routes.ts";

const perPageMax = 100;
const collection = "/v1/projects/{project}/locations/global/workloadIdentityPools/{pool}/providers";
const one = `${collection}/{provider}`;

const providerSchema = z.strictObject({
  ...detailsShape,
  attributeMapping: z.record(z.string().max(200), z.string().max(10_000)).optional(),
  attributeCondition: z.string().optional(),
  oidc: z
    .strictObject({
      issuerUri: z.string().optional(),
      allowedAudiences: z.array(z.string()).optional(),
      jwksJson: z.string().optional(),
    })
    .optional(),
});
type ProviderBody = z.infer<typeof providerSchema>;

/** Whom a provider believes is for the log; a key set is public, and long. */
function auditedChange({ disabled, oidc, attributeCondition }: ProviderBody) {
  return { disabled, issuerUri: oidc?.issuerUri, uploadedKeys: oidc?.jwksJson !== undefined, attributeCondition };
}

const emptySchema = z.strictObject({});
const createQuery = z.strictObject({ workloadIdentityPoolProviderId: z.string() });

/** IAM v1: the providers of a pool, OpenID Connect ones. */
export const providerRoutes: readonly Route[] = [
  route({
    method: "POST",
    pattern: collection,
    target: "pool",
    permission: "iam.workloadIdentityPoolProviders.create",
    body: providerSchema,
    audited: auditedChange,
    query: createQuery,
    handle: createProvider,
  }),
  route({
    method: "GET",
    pattern: collection,
    target: "pool",
    permission: "iam.workloadIdentityPoolProviders.list",
    query: listQuery,
    handle: listProviders,
  }),
  route({
    method: "GET",
    pattern: one,
    target: "provider",
    permission: "iam.workloadIdentityPoolProviders.get",
    handle: async ({ found }) => providerJson(found),
  }),
  route({
    method: "PATCH",
    pattern: one,
    target: "provider",
    permission: "iam.workloadIdentityPoolProviders.update",
    body: providerSchema,
    audited: auditedChange,
    query: maskQuery,
    handle: updateProvider,
  }),
  route({
    method: "DELETE",
    pattern: one,
    target: "provider",
    permission: "iam.workloadIdentityPoolProviders.delete",
    handle: async ({ services, found }) => {
      requireThere(found.provider);
      return operation({
        ...found,
        provider: await services.workloadIdentity.setProviderDeleted(found.provider, true),
      });
    },
  }),
  route({
    method: "POST",
    pattern: `${one}:undelete`,
    target: "provider",
    permission: "iam.workloadIdentityPoolProviders.undelete",
    body: emptySchema,
    handle: async ({ services, found }) => {
      requireDeleted(found.provider);
      return operation({
        ...found,
        provider: await services.workloadIdentity.setProviderDeleted(found.provider, false),
      });
    },
  }),
  route({
    method: "GET",
    pattern: `${one}/operations/{operation}`,
    target: "provider",
    permission: "iam.workloadIdentityPoolProviders.get",
    handle: async ({ found, path }) => operation(found, path.operation),
  }),
];

async function createProvider({
  services,
  found,
  body,
  query,
}: ApiCall<"pool", ProviderBody, z.infer<typeof createQuery>>) {
  requireThere(found.pool);
  const { oidc, attributeMapping = {}, attributeCondition = "" } = body;
  if (!oidc) throw invalidField("oidc", "is missing: only providers of OpenID Connect tokens are known here");
  const settings: ProviderSettings = {
    issuerUri: oidc.issuerUri ?? "",
    allowedAudiences: oidc.allowedAudiences ?? [],
    jwksJson: oidc.jwksJson || undefined,
    attributeMapping,
    attributeCondition,
  };
  const id = query.workloadIdentityPoolProviderId;
  return operation({
    ...found,
    provider: await services.workloadIdentity.createProvider(found.pool, id, body, settings),
  });
}

async function listProviders({ services, found, query }: ApiCall<"pool", unknown, z.infer<typeof listQuery>>) {
  const page = parsePage(query, perPageMax);
  const providers = await services.workloadIdentity.listProviders(found.pool, sliceOf(page, query.showDeleted));
  return {
    ...(providers.length > 0 && {
      workloadIdentityPoolProviders: providers.map((provider) => providerJson({ ...found, provider })),
    }),
    ...nextPageToken(
      providers.map(({ name }) => name),
      page,
    ),
  };
}

/** What a mask may name, and what it then takes out of the body. `oidc` is all of it. */
const changes: Readonly<Record<string, (body: ProviderBody) => object>> = {
  displayName: ({ displayName = "" }) => ({ displayName }),
  description: ({ description = "" }) => ({ description }),
  disabled: ({ disabled = false }) => ({ disabled }),
  attributeMapping: ({ attributeMapping = {} }) => ({ attributeMapping }),
  attributeCondition: ({ attributeCondition = "" }) => ({ attributeCondition }),
  "oidc.issuerUri": ({ oidc }) => ({ issuerUri: oidc?.issuerUri ?? "" }),
  "oidc.allowedAudiences": ({ oidc }) => ({ allowedAudiences: oidc?.allowedAudiences ?? [] }),
  "oidc.jwksJson": ({ oidc }) => ({ jwksJson: oidc?.jwksJson || undefined }),
  oidc: ({ oidc }) => ({
    issuerUri: oidc?.issuerUri ?? "",
    allowedAudiences: oidc?.allowedAudiences ?? [],
    jwksJson: oidc?.jwksJson || undefined,
  }),
};

async function updateProvider({
  services,
  found,
  body,
  query,
}: ApiCall<"provider", ProviderBody, z.infer<typeof maskQuery>>) {
  requireThere(found.provider);
  const names = query.updateMask.split(",").map((each) => each.trim());
  const all = names.map((text) => {
    const name = camel(text);
    const change = Object.hasOwn(changes, name) ? changes[name] : undefined;
    if (!change) throw invalidField("updateMask", `may name ${Object.keys(changes).join(", ")}`);
    return change(body);
  });
  const { displayName, description, disabled, ...settings } = Object.assign({}, ...all);
  const details = { displayName, description, disabled };
  return operation({
    ...found,
    provider: await services.workloadIdentity.updateProvider(found.provider, details, settings),
  });
}

type Found = Omit<Targets["provider"], "provider"> & { readonly provider: Provider };

function nameOf({ project, pool, provider }: Found): string {
  return `${poolName(project, pool)}/providers/${provider.name}`;
}

function operation(found: Found, id?: string): object {
  const type = "type.googleapis.com/google.iam.v1.WorkloadIdentityPoolProvider";
  return doneOperation(nameOf(found), { "@type": type, ...providerJson(found) }, id);
}

function providerJson(found: Found) {
  const { issuerUri, allowedAudiences, jwksJson, attributeMapping, attributeCondition } = found.provider.read;
  return {
    name: nameOf(found),
    ...detailsJson(found.provider),
    attributeMapping,
    ...(attributeCondition !== "" && { attributeCondition }),
    oidc: {
      issuerUri,
      ...(allowedAudiences.length > 0 && { allowedAudiences }),
      ...(jwksJson !== undefined && { jwksJson }),
    },
  };
}
