import { accountRoutes } from "./access/account.ts";
import { accountListRoutes } from "./access/accounts.ts";
import { federationRoutes } from "./access/federation.ts";
import { keyRoutes } from "./access/keys.ts";
import { policyRoutes } from "./access/policy.ts";
import { policyChangeRoutes } from "./access/policy-change.ts";
import { whyRoutes } from "./access/why.ts";
import { activityRoutes } from "./activity/activity.ts";
import { connectRoutes } from "./connect/connect.ts";
import type { ConsoleRoute } from "./console-route.ts";
import { imageRoutes } from "./image.ts";
import { imageFormRoutes } from "./image-forms.ts";
import { imageListRoutes } from "./images.ts";
import { projectRoutes } from "./projects.ts";
import { repositoryRoutes } from "./repositories.ts";

/** Every page and every form of the console, and what each needs. */
export const consoleRoutes: readonly ConsoleRoute[] = [
  ...projectRoutes,
  ...repositoryRoutes,
  ...imageListRoutes,
  ...imageRoutes,
  ...imageFormRoutes,
  ...activityRoutes,
  ...connectRoutes,
  ...policyRoutes,
  ...policyChangeRoutes,
  ...accountListRoutes,
  ...accountRoutes,
  ...keyRoutes,
  ...federationRoutes,
  ...whyRoutes,
];
