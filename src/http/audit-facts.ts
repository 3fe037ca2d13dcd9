import type { Refusal } from "../access/decide.ts";
import type { Permission } from "../access/permissions.ts";
import type { Resource } from "../access/resource.ts";
import { type AuditEvent, nobody, type Whence, type Who } from "../audit/event.ts";
import { redact } from "../audit/user-agent.ts";
import type { UseOf } from "../audit/uses.ts";
import type { Caller } from "../identity/caller.ts";
import { principalKey, principalName } from "../identity/principal.ts";
import type { RequestContext } from "./names.ts";

/** Who a caller is to the audit log. */
export function whoOf({ principal, credential = "", keyId }: Pick<Caller, "principal" | "credential" | "keyId">): Who {
  if (principal.kind === "anonymous") return nobody;
  const who = { principal: principalName(principal), id: principalKey(principal), credential };
  return keyId === undefined ? who : { ...who, key: keyId };
}

/** From where a request came. */
export function whenceOf({ address, agent }: RequestContext): Whence {
  return { address, agent };
}

/** The project that a resource lies in, by id. */
export function projectIdOf({ keys }: Pick<Resource, "keys">): string | undefined {
  return keys.find((key) => key.startsWith("project/"))?.slice("project/".length);
}

/** A decision that said yes, to be counted. */
export function useOf({ principal }: Caller, permission: Permission, resource: Resource): UseOf {
  return {
    principal: principalKey(principal),
    identity: JSON.stringify(principal),
    permission,
    resource: redact(resource.name),
    resourceKeys: resource.keys,
    resourceJson: JSON.stringify({ keys: resource.keys, attributes: resource.attributes }),
    projectId: projectIdOf(resource) ?? "",
  };
}

/** A decision that said no. What was asked for is the client's own text. */
export function refusalEvent(
  caller: Caller,
  context: RequestContext,
  { permission, reason, resource }: Refusal,
  projectId: string | undefined,
): AuditEvent {
  const [who, from] = [whoOf(caller), whenceOf(context)];
  return { kind: "decision.refused", permission, reason, resource: redact(resource), who, from, projectId };
}
