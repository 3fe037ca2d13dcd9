import { endLogin, loginJson } from "./login-json.ts";
import { type Route, route } from "./route.ts";

const account = "/v1/projects/{project}/serviceAccounts/{account}";

/** What Docker keeps in the place of an account's key. Whoever may see and delete the keys may see and end these. */
export const loginRoutes: readonly Route[] = [
  route({
    method: "GET",
    pattern: `${account}/logins`,
    target: "serviceAccount",
    permission: "iam.serviceAccountKeys.list",
    handle: async ({ services, found }) => {
      const logins = await services.logins.list(`serviceAccount:${found.account.id}`);
      const name = `projects/${found.project.name}/serviceAccounts/${found.account.email}`;
      return { logins: logins.map((login) => loginJson(name, login)) };
    },
  }),
  route({
    method: "DELETE",
    pattern: `${account}/logins/{login}`,
    target: "serviceAccount",
    permission: "iam.serviceAccountKeys.delete",
    handle: async ({ services, found, path }) =>
      await endLogin(services, `serviceAccount:${found.account.id}`, path.login ?? ""),
  }),
];
