import { html } from "hono/html";
import { formatMember } from "../../../access/member.ts";
import { installationResource } from "../../../access/resource.ts";
import { roles } from "../../../access/roles.ts";
import { listBindingsBelow } from "../../../storage/metadata/bindings-below.ts";
import { type ConsoleCall, type ConsoleRoute, consoleRoute } from "../console-route.ts";
import { locationHost } from "../image-urls.ts";
import { type Html, projectUrl, renderPage } from "../page.ts";
import { actButton, postForm, select } from "../parts/form.ts";
import { table } from "../parts/table.ts";
import { accessHead } from "./access-tabs.ts";

/** Bindings of repositories that one page shows. */
const belowMax = 500;

/** `/console/projects/PROJECT/access`: who has which role, and by which binding. */
export const policyRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "GET",
    pattern: "/console/projects/{project}/access",
    target: "project",
    permission: "resourcemanager.projects.getIamPolicy",
    handle: show,
  }),
];

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

async function show(call: ConsoleCall<"project">): Promise<Response> {
  const { viewer, found } = call;
  const { name } = found.project;
  const grants = [...(await ofProject(call)), ...(await below(call)), ...(await ofServer(call))];
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
<div class="stack"><section class="card flush">${table("Bindings", columns, rows)}</section>${mayChange && grantCard(call, url)}</div>`;
  return await renderPage({ title: `Access to ${name}`, body, viewer, project: name, section: "access" });
}

async function ofProject({ services, found }: ConsoleCall<"project">): Promise<Grant[]> {
  const { bindings } = await services.policies.get(found.policy);
  return grantsOf(bindings, `project ${found.project.name}`, "");
}

/** What the whole server's policy gives counts here, too; it is shown to those who may read that. */
async function ofServer(call: ConsoleCall<"project">): Promise<Grant[]> {
  if (!(await call.may("resourcemanager.projects.getIamPolicy", installationResource))) return [];
  const { bindings } = await call.services.policies.get("installation");
  return grantsOf(bindings, "the server", undefined);
}

async function below(call: ConsoleCall<"project">): Promise<Grant[]> {
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

function grantCard(call: ConsoleCall<"project">, url: string): Html {
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
