import { type PolicyInvocation, policyCommands } from "../policy.ts";

/** `waybill iam service-accounts get-iam-policy` and its like */
export const { get, set, addBinding, removeBinding } = policyCommands(({ positionals }: PolicyInvocation) => {
  const [account = ""] = positionals;
  return { resource: { account }, name: `service account [${account}]` };
});
