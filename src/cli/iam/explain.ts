import { oneLine } from "../../sources/failure.ts";
import { type AdministrationInvocation, openAdministration, required, show } from "../administration.ts";
import { UsageError } from "../command.ts";

type Binding = {
  resource: string;
  role: string;
  member: string;
  bearing: string;
  condition?: { expression: string };
};
type Answer = {
  access: string;
  summary: string;
  requiredScope?: string;
  advice?: { role: string; command: string };
  hiddenBindings?: number;
  explainedPolicies?: { bindingExplanations: Binding[] }[];
};

const shorts: Readonly<Record<string, string>> = {
  pull: "artifactregistry.repositories.downloadArtifacts",
  push: "artifactregistry.repositories.uploadArtifacts",
  delete: "artifactregistry.repositories.deleteArtifacts",
};

type Text = "member" | "permission" | "resource" | "scopes" | "groups" | "attributes";

/** `waybill iam explain` */
export async function run(invocation: AdministrationInvocation<Text>): Promise<number> {
  const { values, context } = invocation;
  const named = required(values, "permission", "artifactregistry.repositories.downloadArtifacts");
  const accessTuple = {
    principal: values.member,
    permission: shorts[named] ?? named,
    fullResourceName: required(values, "resource", "localhost:5000/my-project/app"),
    ...(values.scopes !== undefined && { scopes: listOf(values.scopes) }),
    ...(values.groups !== undefined && { groups: listOf(values.groups) }),
    ...(values.attributes !== undefined && { attributes: attributesOf(values.attributes) }),
  };
  const answer = await openAdministration(invocation).call<Answer>("POST", "/v1/iam:troubleshoot", { accessTuple });
  if (values.format === "json") {
    show(invocation, answer, { headings: [], rows: [] });
  } else {
    context.stdout(`${answer.access === "GRANTED" ? "yes" : "no"}: ${oneLine(answer.summary)}\n`);
    showBindings(invocation, answer);
    if (answer.requiredScope) context.stdout(`\nA token needs the scope ${oneLine(answer.requiredScope)}.\n`);
    if (answer.advice) context.stdout(`\nTo grant it:\n    ${oneLine(answer.advice.command)}\n`);
  }
  return answer.access === "GRANTED" ? 0 : 1;
}

function listOf(text: string): string[] {
  return text.split(",").filter((each) => each !== "");
}

/** `repository=org/app,ref=refs/heads/main` */
function attributesOf(text: string): Record<string, string> {
  const pairs = listOf(text).map(
    (each) => [each.slice(0, each.indexOf("=")), each.slice(each.indexOf("=") + 1)] as const,
  );
  if (listOf(text).every((each) => each.indexOf("=") > 0)) return Object.fromEntries(pairs);
  throw new UsageError("an attribute has a name and a value", "--attributes=repository=org/app,ref=refs/heads/main");
}

function showBindings(invocation: AdministrationInvocation, { explainedPolicies, hiddenBindings }: Answer): void {
  const rows = (explainedPolicies ?? []).flatMap(({ bindingExplanations }) =>
    bindingExplanations.map(({ bearing, role, member, resource, condition }) => [
      bearing,
      role,
      member,
      resource,
      condition?.expression,
    ]),
  );
  const { stdout } = invocation.context;
  if (rows.length > 0) {
    stdout("\n");
    show(invocation, {}, { headings: ["WHAT_COMES_OF_IT", "ROLE", "MEMBER", "ON", "CONDITION"], rows });
  }
  if (hiddenBindings !== undefined)
    stdout(`\n${hiddenBindings} more that grant it are in policies that you may not read.\n`);
}
