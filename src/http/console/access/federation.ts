import { html } from "hono/html";
import { z } from "zod";
import type { Trial } from "../../../identity/federation/trial.ts";
import { audienceOf, type Provider } from "../../../identity/federation/workload-identity.ts";
import type { PoolRow } from "../../../storage/metadata/workload-identity.ts";
import { type ConsoleCall, type ConsoleRoute, consoleRoute } from "../console-route.ts";
import { type Html, projectUrl, renderPage } from "../page.ts";
import { commands } from "../parts/copy.ts";
import { postForm } from "../parts/form.ts";
import { table } from "../parts/table.ts";
import { accessHead } from "./access-tabs.ts";

const all = { after: "", limit: 100, showDeleted: false };
const one = "/console/projects/{project}/federation/{pool}/{provider}";
const form = z.object({
  token: z
    .string()
    .trim()
    .max(32 * 1024),
});
const claimsCharactersShown = 8000;

/** Outside issuers whose tokens let workloads in, and a place to try a token. */
export const federationRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "GET",
    pattern: "/console/projects/{project}/federation",
    target: "project",
    permission: "iam.workloadIdentityPools.list",
    handle: showPools,
  }),
  consoleRoute({
    method: "GET",
    pattern: one,
    target: "provider",
    permission: "iam.workloadIdentityPoolProviders.get",
    handle: async (call) => await showProvider(call, undefined),
  }),
  consoleRoute({
    method: "POST",
    pattern: one,
    target: "provider",
    permission: "iam.workloadIdentityPoolProviders.get",
    asks: true,
    form,
    handle: async (call) => {
      const { pool, provider } = call.found;
      return await showProvider(call, await call.services.workloadIdentity.tryToken(pool, provider, call.form.token));
    },
  }),
];

async function showPools(call: ConsoleCall<"project">): Promise<Response> {
  const { services, viewer, found } = call;
  const { name, id } = found.project;
  const pools = await services.workloadIdentity.listPools(id, all);
  const maySee = await call.may("iam.workloadIdentityPoolProviders.list");
  const sections = await Promise.all(
    pools.map(async (pool) =>
      poolCard(name, pool, maySee ? await services.workloadIdentity.listProviders(pool, all) : []),
    ),
  );
  const body = html`${accessHead(name, "federation", "Jobs and pods that log in with tokens of their own platform, without a key.")}
<div class="stack">${sections.length > 0 ? sections : noneCard(name)}</div>`;
  return await renderPage({ title: "Federation", body, viewer, project: name, section: "access" });
}

function poolCard(project: string, pool: PoolRow, providers: readonly Provider[]): Html {
  const rows = providers.map(({ name, displayName, read, disabledAt }) => [
    html`<a href="${projectUrl(project, `/federation/${pool.name}/${name}`)}">${name}</a>`,
    displayName,
    html`<span class="mono small">${read.issuerUri}</span>`,
    state(pool.disabledAt ?? disabledAt),
  ]);
  const columns = [{ label: "Provider" }, { label: "Name" }, { label: "Issuer" }, { label: "State" }] as const;
  return html`<section class="card flush"><div class="card-head"><h2>Pool ${pool.name}</h2><span class="soft small">${pool.displayName}</span></div>
${providers.length > 0 ? table(`Providers of ${pool.name}`, columns, rows) : html`<p class="pad soft">No providers that you may see.</p>`}</section>`;
}

function noneCard(project: string): Html {
  return html`<section class="card"><h2>No pools yet</h2><p class="soft">For GitHub Actions, for example:</p>
${commands(`waybill iam workload-identity-pools create ci --project=${project}
waybill iam workload-identity-pools providers create-oidc github --project=${project} \\
  --workload-identity-pool=ci --issuer-uri=https://token.actions.githubusercontent.com \\
  --attribute-mapping=google.subject=assertion.sub,attribute.repository=assertion.repository \\
  --attribute-condition="assertion.repository == 'me/app'"`)}</section>`;
}

function state(disabledAt: number | null): Html {
  return disabledAt === null
    ? html`<span class="state good">Enabled</span>`
    : html`<span class="state">Disabled</span>`;
}

async function showProvider(call: ConsoleCall<"provider">, trial: Trial | undefined): Promise<Response> {
  const { viewer, found } = call;
  const { project, pool, provider } = found;
  const { read, name, displayName } = provider;
  const url = projectUrl(project.name, `/federation/${pool.name}/${name}`);
  const fields = html`<label>A token of the issuer<textarea name="token" required maxlength="32768" autocomplete="off" spellcheck="false" placeholder="eyJhbGciOi…"></textarea><small>It is held against the rules, and neither kept nor logged.</small></label><div><button class="primary">Try the token</button></div>`;
  const body = html`<div class="title"><div><p class="path"><a href="${projectUrl(project.name)}">${project.name}</a><a href="${projectUrl(project.name, "/federation")}">Federation</a><span>${pool.name}</span></p>
<h1>${displayName || name}</h1></div></div>
<div class="stack">
${trial && trialCard(trial)}
<section class="card"><h2>Try a token</h2>${postForm(call, url, fields)}</section>
<section class="card"><h2>Rules</h2><dl class="facts">
<dt>State</dt><dd>${state(pool.disabledAt ?? provider.disabledAt)}</dd>
<dt>Issuer</dt><dd class="mono">${read.issuerUri}</dd>
<dt>Audiences</dt><dd class="mono">${read.allowedAudiences.length > 0 ? read.allowedAudiences.join(", ") : audienceOf(pool, provider)}</dd>
<dt>Keys</dt><dd>${read.jwksJson === undefined ? "asked of the issuer" : "uploaded"}</dd>
${Object.entries(read.attributeMapping).map(([to, expression]) => html`<dt class="mono">${to}</dt><dd><code>${expression}</code></dd>`)}
${read.attributeCondition !== "" && html`<dt>Only if</dt><dd><code>${read.attributeCondition}</code></dd>`}
</dl></section></div>`;
  return await renderPage({ title: `Provider ${name}`, body, viewer, project: project.name, section: "access" });
}

function trialCard({ claims, steps, principal }: Trial): Html {
  const rows = steps.map(({ rule, passed, said }) => [
    passed ? html`<span class="state good">Matches</span>` : html`<span class="state bad">Fails</span>`,
    html`<code>${rule}</code>`,
    said,
  ]);
  const columns = [{ label: "Result" }, { label: "Rule" }, { label: "Because" }] as const;
  const json = claims && JSON.stringify(claims, undefined, 2).slice(0, claimsCharactersShown);
  return html`<section class="card flush" id="trial"><div class="card-head"><h2>${principal === undefined ? "This token lets nobody in" : "This token is let in"}</h2>${principal === undefined ? html`<span class="state bad">Refused</span>` : html`<span class="state good">Accepted</span>`}</div>
${principal !== undefined && html`<p class="pad">Its bearer is <code>${principal}</code></p>`}
${table("Rules", columns, rows)}
${json !== undefined && html`<details class="pad"><summary>What the token says</summary><div class="copyable"><pre><code>${json}</code></pre></div></details>`}</section>`;
}
