import { accountRoutes } from "./account-page.ts";
import { authorizeRoutes } from "./authorize-page.ts";
import { deviceRoutes } from "./device-page.ts";
import { joinRoutes } from "./join-pages.ts";
import type { PeopleRoute } from "./people-route.ts";
import { signInRoutes } from "./sign-in-page.ts";

/** Every page and form of people who sign in, and who may send it. */
export const peopleRoutes: readonly PeopleRoute[] = [
  ...signInRoutes,
  ...joinRoutes,
  ...authorizeRoutes,
  ...deviceRoutes,
  ...accountRoutes,
];
