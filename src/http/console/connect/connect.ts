import { html } from "hono/html";
import { z } from "zod";
import { serviceAccountResource } from "../../../access/resource.ts";
import type { ServiceAccountRow } from "../../../storage/metadata/service-accounts.ts";
import { accountUrl } from "../access/account-url.ts";
import { type ConsoleCall, type ConsoleRoute, consoleRoute } from "../console-route.ts";
import { clientName } from "../image-urls.ts";
import { type Html, projectUrl, renderPage } from "../page.ts";
import { commands } from "../parts/copy.ts";
import { select } from "../parts/form.ts";
import { requireVisibleProject } from "../visible-project.ts";
import { loginPart, refreshSeconds } from "./login-part.ts";
import { type Tool, tools, waysOf } from "./ways.ts";

const accountsOffered = 50;
const query = z.object({
  tool: z.enum(Object.keys(tools) as [Tool, ...Tool[]]).catch("docker"),
  account: z.string().max(300).default(""),
});

/** `/console/projects/PROJECT/connect`: how to log in, in this server's own names, and whether it worked. */
export const connectRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "GET",
    pattern: "/console/projects/{project}/connect",
    target: "project",
    permission: undefined,
    query,
    handle: show,
  }),
];

type Call = ConsoleCall<"project", unknown, z.infer<typeof query>>;

async function show(call: Call): Promise<Response> {
  await requireVisibleProject(call);
  const { services, viewer, context, found, query } = call;
  const { name, id } = found.project;
  const mayList = await call.may("iam.serviceAccounts.list");
  const accounts = mayList ? await services.serviceAccounts.list(id, "", accountsOffered) : [];
  const account = await chosen(call, accounts);
  const repository = { project: name, location: context.location, image: "app" };
  const ways = waysOf(query.tool, {
    host: context.host,
    origin: context.origin,
    image: clientName(repository, context),
    account: account?.email,
  });
  const login = await loginPart(call, account);
  const body = html`<div class="title"><div><h1>Connect</h1><p class="soft">Five ways to log in, the best one first.</p></div></div>
<nav class="tabs" aria-label="Tools"><ul>${Object.entries(tools).map(([tool, label]) => tab(call, tool as Tool, label))}</ul></nav>
<div class="columns"><div class="stack">${ways.map(
    ({ title, note, commands: text }, index) =>
      html`<section class="card"><div class="card-head"><h2>${index + 1}. ${title}</h2>${index === 0 && html`<span class="state good">Recommended</span>`}</div><p class="soft">${note}</p>${commands(text, `Copy the commands for ${title}`)}</section>`,
  )}</div><div class="stack">
<section class="card"><h2>Who logs in</h2>${whoForm(call, accounts, account)}${account && html`<p class="small"><a href="${accountUrl(name, account.email)}">Its keys</a> are made on its page.</p>`}</section>
${login.html}</div></div>`;
  const isWaiting = login.isWaiting ? { refreshSeconds } : {};
  return await renderPage({ title: "Connect", body, viewer, project: name, section: "connect", ...isWaiting });
}

/** The account that the address names, where the viewer may see it. */
async function chosen(
  { services, found, query, may }: Call,
  accounts: readonly ServiceAccountRow[],
): Promise<ServiceAccountRow | undefined> {
  if (query.account === "me") return undefined;
  if (query.account === "") return accounts[0];
  const account = await services.serviceAccounts.find(query.account);
  if (account?.projectId !== found.project.id) return undefined;
  return (await may("iam.serviceAccounts.get", serviceAccountResource(account.email, account))) ? account : undefined;
}

function tab({ found, query }: Call, tool: Tool, label: string): Html {
  const account = query.account && `&account=${encodeURIComponent(query.account)}`;
  const url = `${projectUrl(found.project.name, "/connect")}?tool=${tool}${account}`;
  return html`<li><a href="${url}"${tool === query.tool ? html` aria-current="page"` : ""}>${label}</a></li>`;
}

function whoForm(
  { viewer, found, query }: Call,
  accounts: readonly ServiceAccountRow[],
  account: ServiceAccountRow | undefined,
): Html {
  const others = account && !accounts.some(({ id }) => id === account.id) ? [account] : [];
  const options = [
    ...[...others, ...accounts].map(({ email }) => [email, email] as const),
    ["me", `${viewer.name} (you)`] as const,
  ];
  return html`<form class="fields" action="${projectUrl(found.project.name, "/connect")}"><input type="hidden" name="tool" value="${query.tool}">${select("account", "Identity", options, account?.email ?? "me")}<div><button>Show its commands</button></div></form>`;
}
