import type { Settings } from "../../sources/settings.ts";
import { endpointsOf } from "../../sources/source-context.ts";

/** Where docker-credential-gcr has people log in; who it is there `googleClient` says. */
const authorizationPage = new URL("https://accounts.google.com/o/oauth2/auth");
export const googleTokenUri = "https://oauth2.googleapis.com/token";

/** The page to log in at, or the one that stands in for it (`waybill config set endpoints`). */
export function authorizationUri(settings: Settings): string {
  const { origin, pathname } = authorizationPage;
  return (endpointsOf(settings).get(origin) ?? origin) + pathname;
}
