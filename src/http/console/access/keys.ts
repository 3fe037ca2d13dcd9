import { type ConsoleRoute, consoleRoute } from "../console-route.ts";
import { seeOther } from "../parts/form.ts";
import { accountUrl } from "./account-url.ts";

const keys = "/console/projects/{project}/accounts/{account}/keys";

/** What is done with the keys of a service account. */
export const keyRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "POST",
    pattern: keys,
    target: "serviceAccount",
    permission: "iam.serviceAccountKeys.create",
    handle: async ({ services, found, context }) => {
      const { project, account } = found;
      const { row, file } = await services.serviceAccountKeys.generate(account, project.name, context.origin);
      // The one answer with a private key in it: a file that no cache keeps.
      return new Response(`${JSON.stringify(file, undefined, 2)}\n`, {
        headers: {
          "content-type": "application/json",
          "content-disposition": `attachment; filename="${account.email.split("@", 1)[0]}-${row.id.slice(0, 12)}.json"`,
          "cache-control": "no-store",
          "x-content-type-options": "nosniff",
        },
      });
    },
  }),
  ...(["disable", "enable"] as const).map((verb) =>
    consoleRoute({
      method: "POST",
      pattern: `${keys}/{key}/${verb}`,
      target: "key",
      permission: `iam.serviceAccountKeys.${verb}`,
      handle: async ({ services, found }) => {
        await services.serviceAccountKeys.setDisabled(found.key, verb === "disable");
        return seeOther(accountUrl(found.project.name, found.account.email));
      },
    }),
  ),
  consoleRoute({
    method: "POST",
    pattern: `${keys}/{key}/delete`,
    target: "key",
    permission: "iam.serviceAccountKeys.delete",
    handle: async ({ services, found }) => {
      await services.serviceAccountKeys.delete(found.key);
      return seeOther(accountUrl(found.project.name, found.account.email));
    },
  }),
];
