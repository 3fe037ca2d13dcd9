/**
 * Registries whose token endpoint lies at a host of its own, by the registry's host. Their own documentation says so, and
 * nobody else's answer adds to this list: a realm decides who gets the credentials.
 */
export const knownRealms: Readonly<Record<string, string>> = {
  "registry-1.docker.io": "auth.docker.io",
  "registry.gitlab.com": "gitlab.com",
};
