import { html } from "hono/html";
import { z } from "zod";
import type { ServiceAccountRow } from "../../../storage/metadata/service-accounts.ts";
import { type ConsoleCall, type ConsoleRoute, consoleRoute } from "../console-route.ts";
import { type Html, projectUrl, renderPage } from "../page.ts";
import { postForm, seeOther } from "../parts/form.ts";
import { nextPage, pageQuery } from "../parts/pager.ts";
import { table } from "../parts/table.ts";
import { timeAgo } from "../parts/time.ts";
import { accessHead } from "./access-tabs.ts";
import { accountUrl } from "./account-url.ts";

const accountsPerPage = 50;
const pattern = "/console/projects/{project}/accounts";
const query = z.object(pageQuery);
const form = z.object({ name: z.string().trim().max(100), displayName: z.string().trim().max(100).default("") });

/** A project's service accounts, and making one. */
export const accountListRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "GET",
    pattern,
    target: "project",
    permission: "iam.serviceAccounts.list",
    query,
    handle: show,
  }),
  consoleRoute({
    method: "POST",
    pattern,
    target: "project",
    permission: "iam.serviceAccounts.create",
    form,
    handle: async ({ services, found, form }) => {
      const { displayName } = form;
      const account = await services.serviceAccounts.create(found.project, form.name, { displayName });
      return seeOther(accountUrl(found.project.name, account.email));
    },
  }),
];

type Call = ConsoleCall<"project", unknown, z.infer<typeof query>>;

async function show(call: Call): Promise<Response> {
  const { services, viewer, found, query } = call;
  const { name, id } = found.project;
  const rows = await services.serviceAccounts.list(id, query.after, accountsPerPage + 1);
  const shown = rows.slice(0, accountsPerPage);
  const url = projectUrl(name, "/accounts");
  const body = html`${accessHead(name, "accounts", "The identities of programs: machines that pull, builds that push.")}
<div class="stack">
${shown.length > 0 && (await list(call, shown, nextPage(url, rows.length > accountsPerPage ? shown.at(-1)?.email : undefined)))}
${(await call.may("iam.serviceAccounts.create")) && createCard(call, url)}
</div>`;
  return await renderPage({ title: "Service accounts", body, viewer, project: name, section: "access" });
}

async function list(call: Call, accounts: readonly ServiceAccountRow[], next: Html | undefined): Promise<Html> {
  const { services, found } = call;
  const rows = accounts.map(({ email, displayName, createdAt, disabledAt }) => [
    html`<a href="${accountUrl(found.project.name, email)}">${email}</a>`,
    displayName,
    disabledAt === null ? html`<span class="state good">Enabled</span>` : html`<span class="state">Disabled</span>`,
    timeAgo(createdAt, services.now()),
  ]);
  const columns = [{ label: "Account" }, { label: "Name" }, { label: "State" }, { label: "Created" }] as const;
  return html`<section class="card flush">${table("Service accounts", columns, rows)}${next}</section>`;
}

function createCard(call: Call, url: string): Html {
  const fields = html`<label>Name<input name="name" required maxlength="30" pattern="[a-z][a-z0-9\\-]*" autocomplete="off" spellcheck="false" placeholder="puller"></label>
<label>What it is for<input name="displayName" maxlength="100" autocomplete="off"></label><button class="primary">Create account</button>`;
  return html`<section class="card"><h2>New service account</h2>${postForm(call, url, fields, "inline")}</section>`;
}
