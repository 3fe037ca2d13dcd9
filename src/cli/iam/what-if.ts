import { apiPath } from "../../client/administration.ts";
import { type AdministrationInvocation, openAdministration, required, show } from "../administration.ts";
import { readPolicyFile } from "../policy.ts";

interface Answer {
  readonly cutOff: readonly {
    readonly principal: string;
    readonly permission: string;
    readonly resource: string;
    readonly times: number;
    readonly lastUseDate: string;
  }[];
  readonly unusedBindings: readonly { readonly role: string; readonly members: readonly string[] }[];
  readonly usesReplayed: number;
  readonly incomplete?: boolean;
}

/** `waybill iam what-if` */
export async function run(invocation: AdministrationInvocation<"project">): Promise<number> {
  const { values, positionals, context } = invocation;
  const project = required(values, "project", "my-project");
  const policy = readPolicyFile(positionals[0] ?? "");
  const path = apiPath`/v1/projects/${project}:testPolicyReplay`;
  const answer = await openAdministration(invocation).call<Answer>("POST", path, { policy });
  const { cutOff, unusedBindings, usesReplayed, incomplete } = answer;
  if (values.format === "json") {
    show(invocation, answer, { headings: [], rows: [] });
    return 0;
  }
  const lost = cutOff.map((each) => [
    "CUT OFF",
    each.principal,
    each.permission,
    each.resource,
    each.times,
    each.lastUseDate,
  ]);
  const unused = unusedBindings.flatMap(({ role, members }) => members.map((member) => ["UNUSED", member, role]));
  show(invocation, answer, {
    headings: ["WHAT", "PRINCIPAL", "PERMISSION_OR_ROLE", "RESOURCE", "TIMES", "LAST_USED"],
    rows: [...lost, ...unused],
  });
  const more = incomplete ? ", and there were more" : "";
  context.stderr(`${usesReplayed} different uses of the last 30 days were looked at${more}.\n`);
  return 0;
}
