import { html } from "hono/html";
import { z } from "zod";
import { formatMember } from "../../../access/member.ts";
import { conditionalVersion } from "../../../access/policies.ts";
import { installationResource } from "../../../access/resource.ts";
import { roles } from "../../../access/roles.ts";
import { listBindingsBelow } from "../../../storage/metadata/bindings-below.ts";
import { type ConsoleCall, type ConsoleRoute, consoleRoute } from "../console-route.ts";
import { locationHost } from "../image-urls.ts";
import { type Html, projectUrl, renderPage } from "../page.ts";
import { actButton, postForm, select } from "../parts/form.ts";
import { nextPage, pageQuery } from "../parts/pager.ts";
import { table } from "../parts/table.ts";
import { accessHead } from "./access-tabs.ts";

const grantsPerPage = 40;
const query = z.object({ ...pageQuery, q: z.string().trim().max(300).default("") });
/** Bindings of repositories that are looked at. */
const belowMax = 500;

/** `/console/projects/PROJECT/access`: who has which role, and by which binding. */
export const policyRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "GET",
    pattern: "/console/projects/{project}/access",
    target: "project",
    permission: "resourcemanager.projects.getIamPolicy",
    query,
    handle: show,
  }),
];

type Call = ConsoleCall<"project", unknown, z.infer<typeof query>>;

/** One member of one binding. */
interface Grant {
  readonly member: string;
  readonly role: string;
  readonly condition: string | undefined;
  /** For people. */
  readonly by: string;
  /** For forms; absent where it is not changed here. */
  readonly place: string | undefined;
}

async function show(call: Call): Promise<Response> {
  const { viewer, found, query } = call;
  const { name } = found.project;
  const all = [...(await ofProject(call)), ...(await below(call)), ...(await ofServer(call))]
    .filter(({ member }) => member.includes(query.q))
    .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
    .filter((grant) => keyOf(grant) > query.after);
  const grants = all.slice(0, grantsPerPage);
  const next = all.length > grants.length ? keyOf(grants.at(-1) as Grant) : undefined;
  const mayChange = await call.may("resourcemanager.projects.setIamPolicy");
  const url = projectUrl(name, "/access/preview");
  const rows = grants.map(({ member, role, condition, by, place }) => [
    member,
    html`<span title="${role}">${roleTitle(role)}</span>${condition && html`<br><span class="soft small">if ${condition}</span>`}`,
    by,
    mayChange && place !== undefined
      ? actButton(call, url, "Remove…", {
          name: `Remove… ${roleTitle(role)} of ${member}`,
          fields: { act: "remove", member, role, place, condition: condition ?? "" },
        })
      : undefined,
  ]);
  const columns = [
    { label: "Who" },
    { label: "Role" },
    { label: "By the policy of" },
    { label: "Change", quiet: true, end: true },
  ] as const;
  const body = html`${accessHead(name, "policy", "Who may do what, and which binding says so.")}
<div class="stack"><section class="card flush"><div class="card-head"><h2>Bindings</h2><form class="inline" role="search" action="${projectUrl(name, "/access")}"><label><span class="unseen">Find who</span><input type="search" name="q" value="${query.q}" placeholder="Find who" autocomplete="off"></label><button>Find</button></form></div>
${table("Bindings", columns, rows)}${nextPage(`${projectUrl(name, "/access")}?q=${encodeURIComponent(query.q)}`, next)}</section>${mayChange && grantCard(call, url)}</div>`;
  return await renderPage({ title: `Access to ${name}`, body, viewer, project: name, section: "access" });
}

/** By whom, so that all that somebody has stands together. */
function keyOf({ member, role, by, condition = "" }: Grant): string {
  return `${member} ${role} ${by} ${condition}`.slice(0, 1000);
}

async function ofProject({ services, found }: Call): Promise<Grant[]> {
  const { bindings } = await services.policies.get(found.policy, conditionalVersion);
  return grantsOf(bindings, `project ${found.project.name}`, "");
}

/** What the whole server's policy gives counts here, too; it is shown to those who may read that. */
async function ofServer(call: Call): Promise<Grant[]> {
  if (!(await call.may("resourcemanager.projects.getIamPolicy", installationResource))) return [];
  const { bindings } = await call.services.policies.get("installation", conditionalVersion);
  return grantsOf(bindings, "the server", undefined);
}

async function below(call: Call): Promise<Grant[]> {
  const { services, found, context } = call;
  if (!(await call.may("artifactregistry.repositories.getIamPolicy"))) return [];
  const { read } = services.metadata;
  const rows = await listBindingsBelow(read, found.project.id, services.locations, belowMax);
  return await Promise.all(
    rows.map(async ({ member, role, condition, location, repository }) => ({
      member: await formatMember(read, member),
      role,
      condition: condition === "" ? undefined : conditionText(JSON.parse(condition)),
      by: repository === null ? locationHost(location, context) : `image ${repository}`,
      place: repository === null ? location : `${location} ${repository}`,
    })),
  );
}

function grantsOf(
  bindings: readonly { readonly role: string; readonly members: readonly string[]; readonly condition?: unknown }[],
  by: string,
  place: string | undefined,
): Grant[] {
  return bindings.flatMap(({ role, members, condition }) =>
    members.map((member) => ({ member, role, condition: conditionText(condition), by, place })),
  );
}

/** A condition's title, or what it asks. */
export function conditionText(condition: unknown): string | undefined {
  const { title, expression } = (condition ?? {}) as { title?: unknown; expression?: unknown };
  const text = title || expression;
  return text ? String(text) : undefined;
}

export function roleTitle(name: string): string {
  return roles.get(name)?.title ?? name;
}

const kinds = [
  ["user", "A person (e-mail)"],
  ["serviceAccount", "A service account (e-mail)"],
  ["group", "A group"],
  ["domain", "Everybody of a domain"],
  ["allAuthenticatedUsers", "Everybody who is logged in"],
  ["allUsers", "Everybody, without logging in"],
  ["principal", "A federated identity"],
  ["principalSet", "A set of federated identities"],
] as const;

function grantCard(call: Call, url: string): Html {
  const { services, context } = call;
  const places = [
    ["", "The whole project"],
    ...services.locations.map((location) => [location, `Only ${locationHost(location, context)}`] as const),
  ] as const;
  const choices = [...roles.values()].map(({ name, title, belowProject }) => {
    return [name, belowProject ? `${title} (of a location)` : title] as const;
  });
  const fields = html`<input type="hidden" name="act" value="add">
${select("kind", "Who", kinds, "user")}
<label>E-mail or name<input name="name" maxlength="512" autocomplete="off" spellcheck="false"></label>
${select("role", "Role", choices, "roles/artifactregistry.reader")}
${select("place", "On", places, "")}
<label>Only the image<input name="image" maxlength="255" autocomplete="off" spellcheck="false" placeholder="team/app"><small>Leave it empty for all of them.</small></label>
<div><button class="primary">Preview the change</button></div>`;
  return html`<section class="card"><h2>Grant a role</h2>${postForm(call, url, fields, "fields grid")}</section>`;
}
