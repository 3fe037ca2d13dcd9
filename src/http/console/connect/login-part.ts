import { html } from "hono/html";
import type { AuditEntry } from "../../../audit/filter.ts";
import { principalKey, principalName } from "../../../identity/principal.ts";
import { lastCredentialUse } from "../../../storage/metadata/credential-uses.ts";
import type { ServiceAccountRow } from "../../../storage/metadata/service-accounts.ts";
import type { ConsoleCall } from "../console-route.ts";
import type { Html } from "../page.ts";
import { timeAgo } from "../parts/time.ts";

/** How often a page without scripts asks again. */
export const refreshSeconds = 5;

interface Login {
  readonly at: number;
  /** What is known of the client: `docker/28.2.2`. */
  readonly with: string | undefined;
}

/** Whether an identity has ever logged in: it turns green by itself when it does. */
export async function loginPart(
  call: ConsoleCall<"project">,
  account: ServiceAccountRow | undefined,
): Promise<{ html: Html; isWaiting: boolean }> {
  const who = account ? account.email : principalName(call.caller.principal);
  const login = await lastLogin(call, account);
  if (!login) {
    return {
      isWaiting: true,
      html: html`<section class="card" id="login" role="status" data-follow="1"><h2>Live check</h2><p><span class="state waiting">Waiting for the first login</span></p><p class="soft small">of ${who}. This turns green when it comes.</p></section>`,
    };
  }
  const { services } = call;
  return {
    isWaiting: false,
    html: html`<section class="card" id="login" role="status"><h2>Live check</h2><p><span class="state good">Logged in</span></p><p class="small">${who}, last ${timeAgo(login.at, services.now())}${login.with && html` with <code>${login.with}</code>`}</p></section>`,
  };
}

/** A key's use is remembered for each account; other identities are looked for among the latest entries of the log. */
async function lastLogin(
  { services, caller }: ConsoleCall<"project">,
  account: ServiceAccountRow | undefined,
): Promise<Login | undefined> {
  const id = account ? `serviceAccount:${account.id}` : principalKey(caller.principal);
  const matches = ({ kind, who }: AuditEntry) => kind === "token.issued" && (who as { id?: string }).id === id;
  const filter = { since: undefined, until: undefined, matches };
  const { lines } = await services.audit.read({ filter, newestFirst: true, limit: 1 });
  const [line] = lines;
  if (line) return { at: Number(line.entry.at), with: (line.entry.from as { agent?: string }).agent || undefined };
  if (!account) return undefined;
  await services.credentialUses.write();
  const use = await lastCredentialUse(services.metadata.read, account.id);
  return use && { at: use.lastUsedAt, with: undefined };
}
