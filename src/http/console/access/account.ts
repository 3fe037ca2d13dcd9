import { html } from "hono/html";
import { listCredentialUses } from "../../../storage/metadata/credential-uses.ts";
import type { ServiceAccountKeyRow } from "../../../storage/metadata/service-account-keys.ts";
import { type ConsoleCall, type ConsoleRoute, consoleRoute } from "../console-route.ts";
import { type Html, projectUrl, renderPage } from "../page.ts";
import { copyButton } from "../parts/copy.ts";
import { actButton, postForm, seeOther } from "../parts/form.ts";
import { table } from "../parts/table.ts";
import { timeAgo } from "../parts/time.ts";
import { accountUrl } from "./account-url.ts";

const one = "/console/projects/{project}/accounts/{account}";
const usesMax = 1000;
/** Google's advice: a key that is older has been copied more often than anybody remembers. */
const oldMilliseconds = 90 * 86_400_000;

/** A service account with its keys, and what is done with it. */
export const accountRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "GET",
    pattern: one,
    target: "serviceAccount",
    permission: "iam.serviceAccounts.get",
    handle: show,
  }),
  ...(["disable", "enable"] as const).map((verb) =>
    consoleRoute({
      method: "POST",
      pattern: `${one}/${verb}`,
      target: "serviceAccount",
      permission: `iam.serviceAccounts.${verb}`,
      handle: async ({ services, found }) => {
        await services.serviceAccounts.setDisabled(found.account, verb === "disable");
        return seeOther(accountUrl(found.project.name, found.account.email));
      },
    }),
  ),
  consoleRoute({
    method: "POST",
    pattern: `${one}/delete`,
    target: "serviceAccount",
    permission: "iam.serviceAccounts.delete",
    handle: async ({ services, found }) => {
      await services.serviceAccounts.delete(found.account);
      return seeOther(projectUrl(found.project.name, "/accounts"));
    },
  }),
];

type Call = ConsoleCall<"serviceAccount">;

async function show(call: Call): Promise<Response> {
  const { services, viewer, found } = call;
  const { project, account } = found;
  const { email, displayName, description, disabledAt, createdAt } = account;
  const act = (verb: string) => accountUrl(project.name, email, `/${verb}`);
  const verb = disabledAt === null ? "disable" : "enable";
  const buttons = html`<div class="row">
${(await call.may(`iam.serviceAccounts.${verb}`)) && actButton(call, act(verb), disabledAt === null ? "Disable" : "Enable")}
</div>`;
  const body = html`<div class="title"><div><p class="path"><a href="${projectUrl(project.name)}">${project.name}</a><a href="${projectUrl(project.name, "/accounts")}">Service accounts</a></p>
<h1>${displayName || email}</h1></div>${buttons}</div>
<div class="stack"><section class="card"><dl class="facts">
<dt>E-mail</dt><dd><span class="mono">${email}</span> ${copyButton(email, "Copy", "Copy e-mail")}</dd>
${description !== "" && html`<dt>For</dt><dd>${description}</dd>`}
<dt>State</dt><dd>${disabledAt === null ? html`<span class="state good">Enabled</span>` : html`<span class="state">Disabled ${timeAgo(disabledAt, services.now())}</span>`}</dd>
<dt>Created</dt><dd>${timeAgo(createdAt, services.now())}</dd>
<dt>Unique id</dt><dd class="mono">${account.id}</dd></dl></section>
${(await call.may("iam.serviceAccountKeys.list")) && (await keysCard(call))}
${(await call.may("iam.serviceAccounts.delete")) && deleteCard(call, act("delete"))}
</div>`;
  return await renderPage({ title: email, body, viewer, project: project.name, section: "access" });
}

async function keysCard(call: Call): Promise<Html> {
  const { services, found } = call;
  const { project, account } = found;
  const keys = await services.serviceAccountKeys.list(account);
  await services.credentialUses.write();
  const uses = await listCredentialUses(services.metadata.read, project.id, usesMax);
  const lastUse = new Map(uses.toReversed().map(({ keyId, lastUsedAt }) => [keyId, lastUsedAt]));
  const may = {
    disable: await call.may("iam.serviceAccountKeys.disable"),
    enable: await call.may("iam.serviceAccountKeys.enable"),
    delete: await call.may("iam.serviceAccountKeys.delete"),
  };
  const rows = keys.map((key) => {
    const used = lastUse.get(key.id);
    const buttons = (["disable", "enable", "delete"] as const)
      .filter((verb) => may[verb] && (verb === "delete" || (verb === "disable") === (key.disabledAt === null)))
      .map((verb) => keyButton(call, key, verb));
    return [
      html`<span class="mono" title="${key.id}">${key.id.slice(0, 12)}</span>`,
      keyState(key, services.now()),
      timeAgo(key.createdAt, services.now()),
      used === undefined ? html`<span class="soft">not yet</span>` : timeAgo(used, services.now()),
      key.expiresAt === null ? html`<span class="soft">never</span>` : timeAgo(key.expiresAt, services.now()),
      html`<span class="row">${buttons}</span>`,
    ];
  });
  const columns = [
    { label: "Key" },
    { label: "State" },
    { label: "Created" },
    { label: "Last used" },
    { label: "Expires" },
    { label: "Change", quiet: true, end: true },
  ] as const;
  const create = (await call.may("iam.serviceAccountKeys.create")) && createForm(call);
  return html`<section class="card flush"><div class="card-head"><h2>Keys</h2>${create}</div>
${keys.length > 0 ? table("Keys", columns, rows) : html`<p class="pad soft">No keys. A key file is what machines without an identity of their own log in with; the server keeps its public half only.</p>`}</section>`;
}

function keyState({ disabledAt, exposedAt, createdAt, expiresAt }: ServiceAccountKeyRow, now: number): Html {
  if (expiresAt !== null && expiresAt <= now) return html`<span class="state">Expired</span>`;
  if (disabledAt !== null) return html`<span class="state">Disabled</span>`;
  if (exposedAt !== null) {
    return html`<span class="state warn" title="It was sent as a password, and lies in a client's configuration">Exposed</span>`;
  }
  if (createdAt + oldMilliseconds <= now) return html`<span class="state warn">Old</span>`;
  return html`<span class="state good">Good</span>`;
}

const labels = { disable: "Disable", enable: "Enable", delete: "Delete" } as const;

function keyButton(call: Call, { id }: ServiceAccountKeyRow, verb: keyof typeof labels): Html {
  const { project, account } = call.found;
  const action = accountUrl(project.name, account.email, `/keys/${id}/${verb}`);
  const name = `${labels[verb]} key ${id.slice(0, 12)}`;
  return actButton(call, action, labels[verb], verb === "delete" ? { name, danger: true } : { name });
}

function createForm(call: Call): Html {
  const { project, account } = call.found;
  return postForm(
    call,
    accountUrl(project.name, account.email, "/keys"),
    html`<button class="small">Create key file</button>`,
    "inline saves",
  );
}

function deleteCard(call: Call, action: string): Html {
  const fields = html`<p>Its keys and tokens end at once, and no later account of this name inherits its roles.</p><div><button class="danger">Delete account</button></div>`;
  return html`<details class="card"><summary>Delete this account</summary>${postForm(call, action, fields)}</details>`;
}
