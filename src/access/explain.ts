import type { Caller } from "../identity/caller.ts";
import { type Principal, principalName } from "../identity/principal.ts";
import { scope } from "../identity/scopes.ts";
import type { BindingRow } from "../storage/metadata/hot-reads.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { findProjectById } from "../storage/metadata/projects.ts";
import type { Reader, ResourceKey } from "../storage/metadata/schema.ts";
import { findServiceAccountName } from "../storage/metadata/service-accounts.ts";
import { findPool } from "../storage/metadata/workload-identity.ts";
import { type Advice, adviseGrant, type PolicyPlace } from "./advice.ts";
import type { ConditionText } from "./conditions.ts";
import { type Access, evaluate } from "./decide.ts";
import { parseDenyRole } from "./deny-rule.ts";
import { type Bearing, bearingOf, denialIn, isGuard, preventsPublic } from "./grounds.ts";
import { formatMember } from "./member.ts";
import type { Permission } from "./permissions.ts";
import { presentBindings } from "./policy-text.ts";
import type { Resource } from "./resource.ts";
import { scopeFor } from "./scope-limits.ts";

/** A binding that names somebody, and what comes of it. */
export interface ExplainedBinding {
  /** `project shop` */
  readonly on: string;
  readonly role: string;
  /** Whom the binding names: the principal, or a group, a domain or everybody that it belongs to. */
  readonly member: string;
  readonly condition?: ConditionText | undefined;
  readonly bearing: Bearing;
}

/** Why somebody may do something or not, as today's policies have it. */
export interface Explanation {
  readonly allowed: boolean;
  /** In one sentence. */
  readonly summary: string;
  /** Every binding that names the principal and that the reader may know of. The one that grants comes first. */
  readonly bindings: readonly ExplainedBinding[];
  /** `deny policy no-deletes on project shop` */
  readonly deniedBy?: string | undefined;
  /** Bindings that count, on what the reader may not read the policy of. */
  readonly hidden: number;
  /** The narrowest OAuth scope that a token needs for it. */
  readonly scope: string;
  /** What of the token is in the way, where the policies are not: its scopes, or what it was narrowed to. */
  readonly tokenLimit?: "scope" | "boundary" | undefined;
  /** What would let them; where something is missing, and nothing forbids it. */
  readonly advice?: Advice | undefined;
}

/** What is to be explained. */
export interface Question {
  readonly principal: Principal;
  /** As a policy writes it, where that is not the principal's own name: `principalSet://…`. */
  readonly name?: string | undefined;
  /** What limits the token that would be shown; left out where it is asked about policies alone. */
  readonly token?: Pick<Caller, "scopes" | "lineage"> | undefined;
  readonly permission: Permission;
  readonly resource: Resource;
  readonly place: PolicyPlace;
  /** Which policies the reader may read: bindings of others are not told. */
  readonly mayRead: (resource: ResourceKey) => Promise<boolean>;
}

const nobody = { scopes: new Set<string>(), keyId: undefined, access: undefined, expiresAt: Number.POSITIVE_INFINITY };

/** The decision again, with its reasons. */
export async function explain(access: Access, metadata: Metadata, question: Question): Promise<Explanation> {
  const { principal, permission, resource, place } = question;
  const { bindings, grounds } = await access.consider({ principal, ...nobody }, resource);
  const prevented = preventsPublic(bindings);
  const denial = denialIn(bindings, permission, grounds);
  const decision = evaluate({ principal, ...nobody, scopes: everyScope }, permission, resource, bindings, grounds);
  const limit = decision.allowed && question.token ? await tokenLimit(access, question, question.token) : undefined;
  const shown: ExplainedBinding[] = [];
  let hidden = 0;
  for (const binding of bindings.filter((each) => !isGuard(each))) {
    const bearing = bearingOf(binding, permission, resource, grounds, prevented);
    if (await question.mayRead(binding.resource)) shown.push(await present(metadata.read, binding, bearing));
    else if (bearing === "granted") hidden++;
  }
  shown.sort((one, other) => order.indexOf(one.bearing) - order.indexOf(other.bearing));
  const mayKnow = denial && (await question.mayRead(guarded(denial.resource)));
  const deniedBy = denial && mayKnow ? await nameDenial(metadata.read, denial) : undefined;
  const mayAdvise = !decision.allowed && !denial && (await question.mayRead(ownKey(resource)));
  const advice = mayAdvise ? adviseGrant(permission, place, nameOf(question)) : undefined;
  const text = summarize(question, decision.allowed, { shown, hidden, deniedBy, denied: denial !== undefined });
  const inactive = await isInactive(metadata, question);
  const texts = [
    inactive && `${nameOf(question)} is disabled or deleted: nothing it shows is believed.`,
    text,
    limit && `But ${limit.text}`,
    await boundText(metadata, principal),
  ];
  return {
    allowed: decision.allowed && !inactive && !limit,
    summary: texts.filter(Boolean).join(" "),
    scope: scopeFor(permission),
    ...(limit && { tokenLimit: limit.reason }),
    bindings: shown,
    hidden,
    ...(deniedBy !== undefined && { deniedBy }),
    ...(advice && { advice }),
  };
}

const everyScope = new Set([scope.cloudPlatform]);
const order: readonly Bearing[] = [
  "granted",
  "condition",
  "public access prevented",
  "role not in force",
  "other permissions",
];

/** What the token leaves of what the policies give. */
async function tokenLimit(access: Access, { principal, permission, resource }: Question, token: Question["token"]) {
  if (principal.kind === "anonymous") return undefined;
  const decision = await access.decide({ principal, ...nobody, ...token }, permission, resource);
  if (decision.allowed) return undefined;
  return decision.reason === "boundary"
    ? ({ reason: "boundary", text: "the token was made for less." } as const)
    : ({ reason: "scope", text: `the token's scopes do not reach it: get one with ${scopeFor(permission)}.` } as const);
}

/** An account that is bound to workloads is used by them alone, whatever it is granted. */
async function boundText({ hot }: Metadata, principal: Principal): Promise<string | undefined> {
  const workloads = principal.kind === "serviceAccount" ? (await hot.accountState(principal.id))?.workloads : "";
  if (!workloads) return undefined;
  return `Only what began with ${(JSON.parse(workloads) as string[]).join(" or ")} may use this account.`;
}

function nameOf({ principal, name }: Question): string {
  return name ?? principalName(principal);
}

/** Policies still name one who is disabled; the door does not let them in. */
async function isInactive({ hot, read }: Metadata, { principal, resource }: Question): Promise<boolean> {
  const { kind } = principal;
  const id = "id" in principal ? principal.id : "";
  // Of other projects it is not told whether they have such a pool.
  if (principal.kind === "federated" && resource.keys.includes(`project/${principal.projectId}`)) {
    const pool = await findPool(read, principal.projectId, /\/workloadIdentityPools\/([^/]+)/.exec(id)?.[1] ?? "");
    return !pool || pool.disabledAt !== null || pool.deletedAt !== null;
  }
  if (kind === "serviceAccount") return (await hot.accountState(id))?.live !== 1;
  // Whom a policy may name before they first sign in has no state yet.
  if (kind === "user" && id !== "") return (await hot.userState(id))?.live !== 1;
  return false;
}

function summarize(
  question: Question,
  allowed: boolean,
  found: { shown: readonly ExplainedBinding[]; hidden: number; deniedBy: string | undefined; denied: boolean },
): string {
  const { permission, resource } = question;
  const who = nameOf(question);
  const what = `"${permission}" on ${resource.name}`;
  const [first] = found.shown;
  if (allowed) {
    const by = first?.bearing === "granted" ? bindingText(first) : "by a policy that you may not read";
    return `${who} has ${what}: ${by}.`;
  }
  if (found.denied) return `${who} is denied ${what}: ${found.deniedBy ?? "a deny policy that you may not read"}.`;
  const why = first && failureTexts[first.bearing];
  const missing = `${who} does not have ${what} (or it may not exist): `;
  if (!first || !why) return `${missing}no binding gives it.`;
  return `${missing}${bindingText(first)}, but ${why}${first.condition ? ` (${first.condition.expression})` : ""}.`;
}

const failureTexts: Readonly<Partial<Record<Bearing, string>>> = {
  condition: "its condition does not hold",
  "public access prevented": "the constraint storage.publicAccessPrevention takes everybody's grants away",
  "role not in force": "that role is deleted, disabled or unknown",
  "other permissions": "that role does not contain it",
};

function bindingText({ role, member, on }: ExplainedBinding): string {
  return `${role} is granted to ${member} on ${on}`;
}

async function present(read: Reader, binding: BindingRow, bearing: Bearing): Promise<ExplainedBinding> {
  const [shown] = await presentBindings(read, [binding]);
  if (!shown) throw new Error("a binding was lost");
  const { role, condition } = shown;
  const member = await formatMember(read, binding.member);
  return { on: await nameKey(read, binding.resource), role, member, ...(condition && { condition }), bearing };
}

/** A resource for people, by its key. */
async function nameKey(read: Reader, key: ResourceKey): Promise<string> {
  const [kind = "", id = "", location = "", ...rest] = key.split("/");
  const project = async () => (await findProjectById(read, id))?.name ?? id;
  switch (kind) {
    case "project":
      return `project ${await project()}`;
    case "location":
      return `location ${location} of project ${await project()}`;
    case "prefix":
      return `the repositories below ${rest.join("/")}/ at ${location} of project ${await project()}`;
    case "serviceAccount":
      return `service account ${(await findServiceAccountName(read, id))?.email ?? id}`;
    case "repository":
      return "this repository";
    default:
      return "the whole server";
  }
}

async function nameDenial(read: Reader, { resource, role }: BindingRow): Promise<string> {
  return `the deny policy ${parseDenyRole(role)?.policy} on ${await nameKey(read, guarded(resource))}`;
}

function guarded(guard: ResourceKey): ResourceKey {
  return guard.slice("guard/".length) as ResourceKey;
}

/** The narrowest policy that counts for a resource. */
function ownKey({ keys }: Resource): ResourceKey {
  return keys[0] ?? "installation";
}
