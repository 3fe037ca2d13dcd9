import { z } from "zod";
import type { PolicyPlace } from "../../access/advice.ts";
import { type Explanation, explain } from "../../access/explain.ts";
import { findMember } from "../../access/member.ts";
import { type Permission, permissions } from "../../access/permissions.ts";
import { locationResource, type Resource } from "../../access/resource.ts";
import { anonymous, type Principal, principalKey } from "../../identity/principal.ts";
import { scope as knownScopes, parseScopes } from "../../identity/scopes.ts";
import { parseRepository } from "../../registry/repository.ts";
import type { ResourceKey } from "../../storage/metadata/schema.ts";
import { organizationId } from "./access-targets.ts";
import { refused } from "./answer-api-error.ts";
import { invalidField } from "./api-error.ts";
import { type ApiCall, type Route, route } from "./route.ts";
import type { GoogleServices } from "./services.ts";
import { resolveTarget } from "./targets.ts";

const bodySchema = z.strictObject({
  accessTuple: z.strictObject({
    /** `user:EMAIL`, `serviceAccount:EMAIL`, an e-mail alone, `principal://…`, or allUsers; the caller where it is left out. */
    principal: z.string().max(512).default(""),
    fullResourceName: z.string().min(1).max(512),
    permission: z.string().max(200),
    /** Ours: the scopes of the token that would be shown. Where they are left out: the caller's own, or none is in the way. */
    scopes: z.array(z.string().max(256)).max(50).optional(),
    /** Ours: what the outside token of a `principal://` says beside its subject. */
    groups: z.array(z.string().max(200)).max(50).optional(),
    attributes: z.record(z.string().max(100), z.string().max(256)).optional(),
  }),
});
type Call = ApiCall<"server", z.infer<typeof bodySchema>, unknown>;
/** Who asks, and where. */
type Asking = Pick<Call, "services" | "caller" | "context">;
/** Who, what and on what, in the words of whoever asks. */
type AccessTuple = z.infer<typeof bodySchema>["accessTuple"];
type Asked = { readonly principal: Principal; readonly name?: string };
type Named = { readonly resource: Resource; readonly place: PolicyPlace; readonly read: Permission };

/** Policy Troubleshooter v1: why somebody may do something or not. */
export const explainRoutes: readonly Route[] = [
  route({
    method: "POST",
    pattern: "/v1/iam:troubleshoot",
    target: "server",
    permission: undefined,
    body: bodySchema,
    handle: troubleshoot,
  }),
];

async function troubleshoot(call: Call): Promise<object> {
  const { accessTuple } = call.body;
  const { explanation, resource } = await explainTuple(call, accessTuple);
  return explanationJson(explanation, accessTuple, resource.name);
}

/** Anybody may ask about themselves, and hears whether; why is told to those who may read the policies. Throws ApiError. */
export async function explainTuple(
  call: Asking,
  tuple: AccessTuple,
): Promise<{ explanation: Explanation; resource: Resource }> {
  const { services, caller } = call;
  const { principal: text, permission: name, fullResourceName } = tuple;
  const permission = permissions.find((each) => each === name.replace(".googleapis.com/", "."));
  if (!permission) throw invalidField("accessTuple.permission", "is not one that this server knows");
  const { resource, place, read } = await findNamed(call, fullResourceName);
  const asked: Asked = text === "" ? { principal: caller.principal } : await parsePrincipal(services, tuple);
  const { principal } = asked;
  const reading = await services.access.decide(caller, read, resource);
  const isOwn = principalKey(principal) === principalKey(caller.principal);
  if (!reading.allowed && !isOwn) throw refused(reading);
  const mayRead = async (key: ResourceKey) => reading.allowed && (await mayReadPolicy(call, key, resource.keys));
  const own = isOwn ? caller.principal : principal;
  const scopes = tuple.scopes && parseScopes(tuple.scopes.map(wholeScope).join(" "));
  if (tuple.scopes && !scopes) throw invalidField("accessTuple.scopes", "is malformed");
  const explanation = await explain(services.access, services.metadata, {
    ...asked,
    principal: own,
    token: scopes ? { scopes } : isOwn ? caller : undefined,
    permission,
    resource,
    place,
    mayRead,
  });
  return { explanation, resource };
}

/** The narrower policies go with the resource's own; those above are asked about on their own. */
async function mayReadPolicy({ services, caller }: Asking, key: ResourceKey, keys: readonly ResourceKey[]) {
  const above = keys.slice(keys.indexOf(key));
  const permission: Permission | undefined =
    key === "installation"
      ? "resourcemanager.organizations.getIamPolicy"
      : key.startsWith("project/")
        ? "resourcemanager.projects.getIamPolicy"
        : undefined;
  if (!permission) return true;
  return (await services.access.decide(caller, permission, { name: "a policy", keys: above })).allowed;
}

/** `//SERVICE/projects/…`, `projects/…`, a project's name alone, or an image as docker names it. */
async function findNamed(call: Asking, text: string): Promise<Named> {
  const path = text.replace(/^\/\/[a-z]+\.googleapis\.com\//, "");
  const { services } = call;
  const images = "artifactregistry.repositories.getIamPolicy";
  if (path === `organizations/${organizationId}`) {
    const read = "resourcemanager.organizations.getIamPolicy";
    return { resource: (await resolveTarget.server(services, {})).resource, place: { kind: "server" }, read };
  }
  const account = /^projects\/([^/]+)\/serviceAccounts\/([^/]+)$/.exec(path);
  if (account) {
    const [, project = "", email = ""] = account;
    const { resource } = await resolveTarget.serviceAccount(services, { project, account: email });
    return { resource, place: { kind: "serviceAccount", email }, read: "iam.serviceAccounts.getIamPolicy" };
  }
  const located = /^projects\/([^/]+)\/locations\/([^/]+)(?:\/(repositories|prefixes)\/(.+))?$/.exec(path);
  if (located) {
    const [, project = "", location = "", kind, name = ""] = located;
    const image = name.replaceAll(/%2f/gi, "/");
    if (kind === "repositories") return await repositoryNamed(services, project, location, image);
    if (kind === "prefixes") {
      const { resource } = await resolveTarget.prefix(services, { project, location, prefix: image });
      return { resource, place: { kind: "prefix", project, location, prefix: image }, read: images };
    }
    const found = await services.projects.resolve(project);
    const resource = locationResource(found?.name ?? project, location, found?.id);
    return { resource, place: { kind: "location", project, location }, read: images };
  }
  const project = /^(?:projects\/)?([^/]+)$/.exec(path)?.[1];
  if (project !== undefined) {
    const { resource } = await resolveTarget.project(services, { project });
    return { resource, place: { kind: "project", project }, read: "resourcemanager.projects.getIamPolicy" };
  }
  if (/^(?:projects|organizations)\//.test(path)) {
    throw invalidField(
      "accessTuple.fullResourceName",
      "is no project, location, prefix, repository or service account",
    );
  }
  return await imageNamed(call, path);
}

/** `HOST/PROJECT/IMAGE`, the host left out where it is the one that the request came to. */
async function imageNamed({ services, context }: Asking, text: string): Promise<Named> {
  const slash = text.indexOf("/");
  const first = text.slice(0, slash);
  const isHere = first === context.host;
  const location = !isHere && services.locations.includes(first) ? first : context.location;
  const path = isHere || location === first ? text.slice(slash + 1) : text;
  try {
    const { project, image } = parseRepository(path.replace(/(?:@[^/]*|:[^/:]*)$/, ""), location);
    return await repositoryNamed(services, project, location, image);
  } catch (error) {
    throw invalidField("accessTuple.fullResourceName", (error as Error).message);
  }
}

async function repositoryNamed(services: GoogleServices, project: string, location: string, image: string) {
  const { resource, found } = await resolveTarget.repository(services, { project, location, repository: image });
  // A repository has a policy of its own from its first push on.
  const place: PolicyPlace = found ? { kind: "repository", project, location, image } : { kind: "project", project };
  return { resource, place, read: "artifactregistry.repositories.getIamPolicy" as const };
}

/** `devstorage.read_only` and `cloud-platform` are short for scopes of Google's. */
function wholeScope(text: string): string {
  return Object.values(knownScopes).find((each) => each.endsWith(`/auth/${text}`)) ?? text;
}

async function parsePrincipal(
  { metadata, serviceAccounts }: GoogleServices,
  { principal: text, groups, attributes }: AccessTuple,
): Promise<Asked> {
  if (/^principal(?:Set)?:/.test(text)) return federatedNamed(text, groups ?? [], attributes ?? {});
  if (groups || attributes) {
    throw invalidField("accessTuple.groups", "and attributes are those of an outside token: name a principal://");
  }
  if (text === "allUsers") return { principal: anonymous };
  const guessed = serviceAccounts.projectOf(text.toLowerCase()) === undefined ? "user" : "serviceAccount";
  const member = /^[a-zA-Z]+:/.test(text) ? text : `${guessed}:${text}`;
  const key = await findMember(metadata.read, member);
  const [kind = ""] = member.split(":", 1);
  const email = member.slice(kind.length + 1).toLowerCase();
  switch (kind) {
    case "user":
      return { principal: { kind, id: key?.slice("user:".length) ?? "", email } };
    case "serviceAccount": {
      const account = await serviceAccounts.find(email);
      if (!account) break;
      return { principal: { kind, id: account.id, email: account.email, projectId: account.projectId } };
    }
  }
  throw invalidField("accessTuple.principal", `is one who acts: ${actors}`);
}

const actors = "user:, serviceAccount:, principal://, principalSet:// or allUsers";
const federatedPattern =
  /^(\/\/iam\.googleapis\.com\/projects\/([^/]+)\/locations\/global\/workloadIdentityPools\/[^/]+)\/(subject\/.+|group\/.+|attribute\.[^/]+\/.+|\*)$/;

/** A workload by its subject, or any one of a set; groups and attributes are in the outside token, and not in its name. */
function federatedNamed(name: string, groups: readonly string[], attributes: Readonly<Record<string, string>>): Asked {
  const id = name.slice(name.indexOf(":") + 1);
  const [, pool = "", projectId = "", end = ""] = federatedPattern.exec(id) ?? [];
  const isOne = name.startsWith("principal:");
  if (pool === "" || isOne !== end.startsWith("subject/")) {
    throw invalidField("accessTuple.principal", `is one who acts: ${actors}`);
  }
  const sets = [
    `${pool}/*`,
    ...groups.map((group) => `${pool}/group/${group}`),
    ...Object.entries(attributes).map(([attribute, value]) => `${pool}/attribute.${attribute}/${value}`),
    ...(isOne ? [] : [id]),
  ];
  return { principal: { kind: "federated", id, projectId, sets: [...new Set(sets)] }, name };
}

function explanationJson(found: Explanation, accessTuple: object, resourceName: string): object {
  const { allowed, summary, bindings, hidden, deniedBy, advice, scope, tokenLimit } = found;
  const access = allowed ? "GRANTED" : "NOT_GRANTED";
  return {
    access,
    summary,
    accessTuple,
    resource: resourceName,
    requiredScope: scope,
    ...(tokenLimit !== undefined && { tokenLimit }),
    ...(deniedBy !== undefined && { deniedBy }),
    ...(advice && { advice }),
    ...(hidden > 0 && { hiddenBindings: hidden }),
    ...(bindings.length > 0 && {
      explainedPolicies: [
        {
          access,
          bindingExplanations: bindings.map(({ on, role, member, condition, bearing }) => ({
            access: bearing === "granted" ? "GRANTED" : "NOT_GRANTED",
            resource: on,
            role,
            member,
            bearing,
            ...(condition && { condition }),
          })),
        },
      ],
    }),
  };
}
