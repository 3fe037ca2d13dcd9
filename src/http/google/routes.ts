import { artifactRoutes } from "./artifacts/artifact-routes.ts";
import { auditRoutes } from "./audit-routes.ts";
import { cleanupRoutes } from "./cleanup-routes.ts";
import { constraintRoutes } from "./constraint-routes.ts";
import { customRoleRoutes } from "./custom-role-routes.ts";
import { denyPolicyRoutes } from "./deny-policy-routes.ts";
import { explainRoutes } from "./explain-route.ts";
import { groupRoutes } from "./group-routes.ts";
import { iamCredentialsRoutes } from "./iam-credentials-routes.ts";
import { keyRoutes } from "./key-routes.ts";
import { loginRoutes } from "./login-routes.ts";
import { migrationRoutes } from "./migration-routes.ts";
import { policyRoutes } from "./policy-routes.ts";
import { projectRoutes } from "./project-routes.ts";
import { projectSettingsRoutes } from "./project-settings-routes.ts";
import { roleRoutes } from "./role-routes.ts";
import type { Route } from "./route.ts";
import { rulesRoutes } from "./rules-routes.ts";
import { serviceAccountRoutes } from "./service-account-routes.ts";
import { serviceRoutes } from "./service-routes.ts";
import { signingRoutes } from "./signing-routes.ts";
import { userRoutes } from "./user-routes.ts";
import { providerRoutes } from "./workload-identity-provider-routes.ts";
import { poolRoutes } from "./workload-identity-routes.ts";

const location = "/v1/projects/{project}/locations/{location}";

/** The whole administration API: everything that it can do, and what each needs. */
export const googleRoutes: readonly Route[] = [
  ...projectRoutes,
  ...migrationRoutes,
  ...policyRoutes("/v1/projects/{project}", "project", "resourcemanager.projects", ["POST"]),
  ...serviceAccountRoutes,
  ...policyRoutes("/v1/projects/{project}/serviceAccounts/{account}", "serviceAccount", "iam.serviceAccounts", [
    "POST",
  ]),
  ...keyRoutes,
  ...loginRoutes,
  ...userRoutes,
  ...iamCredentialsRoutes,
  ...signingRoutes,
  ...poolRoutes,
  ...providerRoutes,
  ...policyRoutes(location, "location", "artifactregistry.repositories", ["GET", "POST"]),
  ...policyRoutes(`${location}/repositories/{repository}`, "repositoryPolicy", "artifactregistry.repositories", [
    "GET",
    "POST",
  ]),
  ...policyRoutes(`${location}/prefixes/{prefix}`, "prefix", "artifactregistry.repositories", ["GET", "POST"]),
  ...policyRoutes("/v1/organizations/{organization}", "organization", "resourcemanager.organizations", ["POST"]),
  ...constraintRoutes("/v1/organizations/{organization}", "organization", "organization"),
  ...constraintRoutes("/v1/projects/{project}", "project", "overseen"),
  ...customRoleRoutes,
  ...denyPolicyRoutes,
  ...groupRoutes,
  ...explainRoutes,
  ...projectSettingsRoutes,
  ...rulesRoutes("/v1/projects/{project}", "project"),
  ...rulesRoutes(`${location}/repositories/{repository}`, "repository"),
  ...cleanupRoutes,
  ...auditRoutes,
  ...roleRoutes,
  ...serviceRoutes,
  ...artifactRoutes,
];
