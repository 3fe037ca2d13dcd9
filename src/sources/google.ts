import type { RegistryHost } from "./registry-host.ts";

/** The hosts of Google's registries: a new region is one of these without a change here. */
export const googleHostRules = ["gcr.io", "*.gcr.io", "*.pkg.dev"] as const;

/** Does a rule name this host? A rule is a host, or `*.` and the end of one. A port is part of a host. */
export function matchesRule(host: RegistryHost, rule: string): boolean {
  return rule.startsWith("*.") ? host.length > rule.length - 1 && host.endsWith(rule.slice(1)) : host === rule;
}

/** Does one of these rules name this host? */
export function matchesAny(host: RegistryHost, rules: readonly string[]): boolean {
  for (const rule of rules) if (matchesRule(host, rule)) return true;
  return false;
}

/** Is this address one of Google's own services? */
export function isGoogleService(url: string): boolean {
  const { protocol, hostname } = URL.parse(url) ?? {};
  return protocol === "https:" && hostname !== undefined && /^(?:.+\.)?googleapis\.com$/.test(hostname);
}
