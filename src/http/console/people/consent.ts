import { html } from "hono/html";
import { scope } from "../../../identity/scopes.ts";
import type { Html } from "../page.ts";

const meanings: Readonly<Record<string, string>> = {
  openid: "know which account is yours",
  email: "know your e-mail address",
  profile: "know which account is yours",
  [scope.cloudPlatform]: "do everything here that you may do: images, projects, accounts and policies",
  [scope.cloudPlatformReadOnly]: "see everything here that you may see",
  [scope.storageReadOnly]: "pull images",
  [scope.storageReadWrite]: "pull, push and delete images",
  [scope.storageFullControl]: "pull, push and delete images, and say who may",
  [scope.iam]: "act as service accounts that you may act as",
};

/** What a program would be allowed, in words. A scope that means nothing here is shown as it is. */
export function scopeList(scopes: Iterable<string>): Html {
  const items = [...new Set([...scopes].map((each) => meanings[each] ?? each))];
  return html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}
