import { html } from "hono/html";
import { z } from "zod";
import { type Binding, conditionalVersion } from "../../../access/policies.ts";
import { roles } from "../../../access/roles.ts";
import { whatIf } from "../../../access/what-if.ts";
import { ConsoleError, RefusedError } from "../answer-console-error.ts";
import { type ConsoleCall, type ConsoleRoute, consoleRoute } from "../console-route.ts";
import { type Html, projectUrl, renderPage } from "../page.ts";
import { postForm, seeOther } from "../parts/form.ts";
import { table } from "../parts/table.ts";
import { accessHead } from "./access-tabs.ts";
import { conditionText, roleTitle } from "./policy.ts";
import { type PolicyPlace, parsePlace } from "./policy-place.ts";

const permissionsShown = 60;
const cutOffShown = 20;
const form = z.object({
  act: z.enum(["add", "remove"]),
  /** Whole, as a policy writes it; or in two parts, as the form for a new one has it. */
  member: z.string().trim().max(600).optional(),
  kind: z.string().max(40).default("user"),
  name: z.string().trim().max(512).default(""),
  role: z.string().max(200),
  place: z.string().max(600).default(""),
  image: z.string().trim().max(255).default(""),
  condition: z.string().max(1000).default(""),
  /** Of the policy that was shown. */
  etag: z.string().max(200).optional(),
});
type Call = ConsoleCall<"project", z.infer<typeof form>>;

/** A change to a policy: shown first, and made when the same form comes back with the policy's etag. */
export const policyChangeRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "POST",
    pattern: "/console/projects/{project}/access/preview",
    target: "project",
    permission: undefined,
    asks: true,
    form,
    handle: async (call) => await preview(call, await readChange(call)),
  }),
  consoleRoute({
    method: "POST",
    pattern: "/console/projects/{project}/access/change",
    target: "project",
    permission: undefined,
    form: form.extend({ etag: z.string().min(1).max(200) }),
    handle: async (call) => await make(call, await readChange(call)),
  }),
];

interface Change {
  readonly place: PolicyPlace;
  readonly member: string;
  readonly role: string;
  readonly etag: string;
  readonly before: readonly Binding[];
  readonly after: readonly Binding[];
}

/** Asks on the place itself whether its policy may be changed. */
async function readChange({ services, caller, found, form, resource }: Call): Promise<Change> {
  if (!found) throw new ConsoleError(404, "There is no such page", `${resource.name} does not exist.`);
  const text = form.image === "" ? form.place : `${form.place || services.locations[0]} ${form.image}`;
  const place = await parsePlace(services, found.project, text);
  const decision = await services.access.decide(caller, place.write, place.resource);
  if (!decision.allowed) throw new RefusedError(decision, place.resource);
  const { kind, name, role } = form;
  const member = form.member ?? (kind.startsWith("all") ? kind : `${kind}:${name}`);
  const { etag, bindings } = await services.policies.get(place.policy, conditionalVersion);
  const after =
    form.act === "add" ? withMember(bindings, role, member) : without(bindings, role, member, form.condition);
  return { place, member, role, etag, before: bindings, after };
}

function withMember(bindings: readonly Binding[], role: string, member: string): Binding[] {
  const has = bindings.some((each) => each.role === role && !conditionOf(each) && each.members.includes(member));
  return has ? [...bindings] : [...bindings, { role, members: [member] }];
}

function without(bindings: readonly Binding[], role: string, member: string, condition: string): Binding[] {
  return bindings.flatMap((each) => {
    if (each.role !== role || (conditionOf(each) ?? "") !== condition) return [each];
    const members = each.members.filter((one) => one !== member);
    return members.length === 0 ? [] : [{ ...each, members }];
  });
}

function conditionOf({ condition }: Binding): string | undefined {
  return conditionText(condition);
}

/** The policy must still be the one that was shown. */
async function make(call: Call, { place, after }: Change): Promise<Response> {
  const { services, form, found } = call;
  await services.policies.set(place.policy, { etag: form.etag, version: conditionalVersion, bindings: after });
  return seeOther(projectUrl(found.project.name, "/access"));
}

async function preview(call: Call, change: Change): Promise<Response> {
  const { viewer, found, form } = call;
  const { place, member, role, etag, before, after } = change;
  const project = found.project.name;
  const has = permissionsOf(before, member);
  const will = permissionsOf(after, member);
  const gained = [...will].filter((each) => !has.has(each));
  const lost = [...has].filter((each) => !will.has(each));
  const same = JSON.stringify(before) === JSON.stringify(after);
  const fields = html`${Object.entries({ ...form, member, place: place.text, image: "", etag }).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`,
  )}<div class="row"><button class="${form.act === "add" ? "primary" : "danger"}">${form.act === "add" ? "Grant the role" : "Remove the role"}</button><a class="button" href="${projectUrl(project, "/access")}">Leave it as it is</a></div>`;
  const body = html`${accessHead(project, "policy", "Look at the change before it is made.")}
<section class="card"><h2>${form.act === "add" ? "Grant" : "Remove"} ${roleTitle(role)}</h2><dl class="facts">
<dt>Who</dt><dd>${member}</dd><dt>Role</dt><dd><code>${role}</code></dd><dt>On</dt><dd>${place.resource.name}</dd>
<dt>Gains</dt><dd>${permissionList(gained)}</dd><dt>Loses</dt><dd>${permissionList(lost)}</dd></dl>
${warning(call, change, lost)}
${await cutOffPart(call, change)}
${same ? html`<p class="notice">Nothing would change: the policy says so already.</p><p><a class="button" href="${projectUrl(project, "/access")}">Back</a></p>` : postForm(call, projectUrl(project, "/access/change"), fields)}</section>`;
  return await renderPage({ title: "Preview", body, viewer, project, section: "access" });
}

/** What this one policy gives a member by name; other policies and groups may give the same. */
function permissionsOf(bindings: readonly Binding[], member: string): ReadonlySet<string> {
  return new Set(
    bindings
      .filter((each) => each.members.includes(member))
      .flatMap(({ role }) => [...(roles.get(role)?.permissions ?? [])]),
  );
}

function permissionList(permissions: readonly string[]): Html | string {
  if (permissions.length === 0) return "nothing";
  const shown = permissions.slice(0, permissionsShown);
  return html`<details><summary>${permissions.length} ${permissions.length === 1 ? "permission" : "permissions"}</summary><ul class="plain">${shown.map((each) => html`<li><code>${each}</code></li>`)}</ul></details>`;
}

/** Who did in the last month what they could do no more, where the viewer may read of that. */
async function cutOffPart(call: Call, { place, after }: Change): Promise<Html | undefined> {
  const { services, found, form } = call;
  if (form.act !== "remove" || place.text !== "") return undefined;
  if (!(await call.may("logging.logEntries.list"))) return undefined;
  await services.audit.writeUses();
  const { cutOff } = await whatIf(services, found.project.id, after);
  if (cutOff.length === 0)
    return html`<p class="notice good">Nothing that was done in the last 30 days would be refused.</p>`;
  const rows = cutOff
    .slice(0, cutOffShown)
    .map(({ principal, permission, resource, times }) => [
      principal,
      html`<code>${permission}</code>`,
      resource,
      times,
    ]);
  const columns = [{ label: "Who" }, { label: "Did" }, { label: "On" }, { label: "Times", end: true }] as const;
  return html`<div class="notice warn"><p><strong>In the last 30 days this was done, and would be refused:</strong></p>${table("What would be refused", columns, rows)}</div>`;
}

function warning({ viewer, form }: Call, { member, after, place }: Change, lost: readonly string[]): Html | undefined {
  const owners = after.some(({ role, members }) => role === "roles/owner" && members.length > 0);
  if (form.act === "remove" && form.role === "roles/owner" && place.text === "" && !owners) {
    return html`<p class="notice bad"><strong>Nobody would own this project.</strong> Only owners of the server could change that.</p>`;
  }
  if (member === viewer.name && lost.includes(place.write)) {
    return html`<p class="notice warn"><strong>This is you.</strong> You could not take this change back yourself.</p>`;
  }
  if (form.act === "add" && member.startsWith("all")) {
    return html`<p class="notice warn"><strong>This opens images to everybody</strong>${member === "allUsers" ? ", logged in or not." : " who is logged in."}</p>`;
  }
  return undefined;
}
