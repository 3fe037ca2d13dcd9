import { html } from "hono/html";
import { z } from "zod";
import type { ExplainedBinding, Explanation } from "../../../access/explain.ts";
import { type Permission, permissions } from "../../../access/permissions.ts";
import { listRepositoriesWithNewest } from "../../../storage/metadata/repository-listings.ts";
import { explainTuple } from "../../google/explain-route.ts";
import { type ConsoleCall, type ConsoleRoute, consoleRoute } from "../console-route.ts";
import { type Html, projectUrl, renderPage } from "../page.ts";
import { commands } from "../parts/copy.ts";
import { actButton, select } from "../parts/form.ts";
import { table } from "../parts/table.ts";
import { requireVisibleProject } from "../visible-project.ts";
import { accessHead } from "./access-tabs.ts";
import { conditionText, roleTitle } from "./policy.ts";

const suggestionsMax = 50;
const query = z.object({
  /** Whole, as a policy writes it; empty for whoever asks. */
  member: z.string().trim().max(512).default(""),
  permission: z.string().max(200).optional(),
  /** The path below the project; empty for the project itself. */
  image: z.string().trim().max(255).default(""),
  location: z.string().max(300).default(""),
});
type Call = ConsoleCall<"project", unknown, z.infer<typeof query>>;

/** "Why can't they?": a decision, and what it stands on. */
export const whyRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "GET",
    pattern: "/console/projects/{project}/why",
    target: "project",
    permission: undefined,
    query,
    handle: show,
  }),
];

const verbs: readonly (readonly [Permission, string])[] = [
  ["artifactregistry.repositories.downloadArtifacts", "pull"],
  ["artifactregistry.repositories.uploadArtifacts", "push"],
  ["artifactregistry.tags.list", "list tags"],
  ["artifactregistry.tags.create", "create a tag"],
  ["artifactregistry.tags.update", "move a tag"],
  ["artifactregistry.tags.delete", "delete a tag"],
  ["artifactregistry.repositories.deleteArtifacts", "delete an image"],
];

async function show(call: Call): Promise<Response> {
  await requireVisibleProject(call);
  const { viewer, found, query } = call;
  const { name } = found.project;
  const answer = query.permission === undefined ? undefined : await answerCard(call, query.permission);
  const body = html`${accessHead(name, "why", "Pick somebody and an image, and read the decision as the server makes it.")}
<div class="stack"><section class="card">${await questionForm(call)}</section>${answer}</div>`;
  return await renderPage({ title: "Why can’t they?", body, viewer, project: name, section: "access" });
}

async function questionForm(call: Call): Promise<Html> {
  const { services, found, query } = call;
  const { name, id } = found.project;
  const accounts = (await call.may("iam.serviceAccounts.list"))
    ? await services.serviceAccounts.list(id, "", suggestionsMax)
    : [];
  const others = permissions.filter((each) => !verbs.some(([verb]) => verb === each));
  const choices = [...verbs, ...others.map((each) => [each, each] as const)];
  const location =
    services.locations.length > 1 &&
    select(
      "location",
      "At",
      services.locations.map((each) => [each, each] as const),
      query.location,
    );
  return html`<form class="fields grid" action="${projectUrl(name, "/why")}">
<label>Who<input name="member" value="${query.member}" list="people" maxlength="512" autocomplete="off" spellcheck="false" placeholder="user:alice@example.com"><small>Leave it empty to ask about yourself.</small></label>
${select("permission", "What", choices, query.permission)}
<label>On the image<input name="image" value="${query.image}" list="images" maxlength="255" autocomplete="off" spellcheck="false" placeholder="team/app"><small>Leave it empty for the project itself.</small></label>${location}
<datalist id="people">${accounts.map(({ email }) => html`<option value="serviceAccount:${email}">`)}</datalist>
<datalist id="images">${(await imageNames(call)).map((image) => html`<option value="${image}">`)}</datalist>
<div><button class="primary">Explain</button></div></form>`;
}

async function imageNames(call: Call): Promise<string[]> {
  if (!(await call.may("artifactregistry.repositories.list"))) return [];
  const { services, found, context } = call;
  const part = { after: "", containing: "", limit: suggestionsMax };
  const { read } = services.metadata;
  const rows = await listRepositoriesWithNewest(read, context.location, found.project.id, undefined, part);
  return rows.map(({ name }) => name);
}

async function answerCard(call: Call, permission: string): Promise<Html> {
  const { services, found, query } = call;
  const project = found.project.name;
  const location = services.locations.includes(query.location) ? query.location : call.context.location;
  const path = `projects/${project}${query.image === "" ? "" : `/locations/${location}/repositories/${query.image}`}`;
  const { explanation } = await explainTuple(call, { principal: query.member, permission, fullResourceName: path });
  const { allowed, summary, bindings, deniedBy, hidden } = explanation;
  return html`<section class="card flush" id="answer"><div class="card-head"><h2>${allowed ? "They may" : "They may not"}</h2>${allowed ? html`<span class="state good">Allowed</span>` : html`<span class="state bad">Refused</span>`}</div>
<div class="pad stack"><p>${summary}</p>
${deniedBy !== undefined && html`<p class="notice bad">Denied by ${deniedBy}.</p>`}
${hidden > 0 && html`<p class="soft">${hidden} more ${hidden === 1 ? "binding counts" : "bindings count"} that you may not read.</p>`}
${adviceText(call, explanation, query.image === "" ? "" : `${location} ${query.image}`)}</div>
${bindings.length > 0 && bindingTable(bindings)}</section>`;
}

const bearings: Readonly<Record<ExplainedBinding["bearing"], string>> = {
  granted: "Grants it",
  condition: "Its condition does not hold",
  "public access prevented": "Public access is prevented",
  "role not in force": "The role is not in force",
  "other permissions": "The role does not contain it",
};

function bindingTable(bindings: readonly ExplainedBinding[]): Html {
  const rows = bindings.map(({ on, role, member, condition, bearing }) => [
    html`<span class="state${bearing === "granted" ? " good" : ""}">${bearings[bearing]}</span>`,
    html`<span title="${role}">${roleTitle(role)}</span>${condition && html`<br><span class="soft small">if ${conditionText(condition)}</span>`}`,
    member,
    on,
  ]);
  const columns = [
    { label: "Result" },
    { label: "Role" },
    { label: "Granted to" },
    { label: "By the policy of" },
  ] as const;
  return table("Bindings that name them", columns, rows);
}

/** What would let them; whoever may grant it is one click from its preview. */
function adviceText(call: Call, { advice }: Explanation, place: string): Html | undefined {
  if (!advice) return undefined;
  const { found, query, viewer } = call;
  const member = query.member === "" ? viewer.name : query.member;
  const fields = { act: "add", member, role: advice.role, place };
  return html`<p>The least that would let them is the role <strong>${roleTitle(advice.role)}</strong>.</p>
<div class="row">${actButton(call, projectUrl(found.project.name, "/access/preview"), "Preview granting it", { fields })}</div>
${commands(advice.command)}`;
}
