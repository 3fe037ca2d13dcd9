/** What kind of thing a path is: few enough for a label. */
export const routeClasses = [
  "version",
  "token",
  "manifest",
  "blob",
  "upload",
  "tags",
  "referrers",
  "catalog",
  "search",
  "api",
  "oauth",
  "console",
  "health",
  "other",
] as const;

export type RouteClass = (typeof routeClasses)[number];

const whole: Readonly<Record<string, RouteClass>> = {
  "/v2/": "version",
  "/v2": "version",
  "/v2/token": "token",
  "/v2/_catalog": "catalog",
  "/v1/_ping": "search",
  "/v1/search": "search",
  "/v1/token": "oauth",
  "/token": "oauth",
  "/revoke": "oauth",
  "/tokeninfo": "oauth",
  "/userinfo": "oauth",
  "/jwks": "oauth",
  "/device/code": "oauth",
  "/healthz": "health",
  "/readyz": "health",
};

/** The class of a path, by its words alone: nothing is parsed twice, and a name that looks like a route harms a label only. */
export function routeClassOf(path: string): RouteClass {
  const known = whole[path];
  if (known !== undefined) return known;
  if (path.startsWith("/v2/")) {
    if (path.includes("/blobs/uploads/", 4)) return "upload";
    if (path.includes("/blobs/", 4)) return "blob";
    if (path.includes("/manifests/", 4)) return "manifest";
    if (path.endsWith("/tags/list")) return "tags";
    return path.includes("/referrers/", 4) ? "referrers" : "other";
  }
  if (path.startsWith("/v1/") || path.startsWith("/v1beta2/")) return "api";
  return path.startsWith("/console") ? "console" : "other";
}
