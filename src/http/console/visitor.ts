import type { Caller } from "../../identity/caller.ts";
import { parseAuthorization } from "../../identity/credentials.ts";
import type { Sessions } from "../../identity/sessions.ts";
import type { Doorkeeper } from "../doorkeeper.ts";
import type { RequestContext } from "../names.ts";
import { readCookie } from "./session-cookie.ts";

/** Somebody who is signed in. */
export interface Visit {
  readonly caller: Caller;
  /** What the browser brings by itself with every request: what a form's token is made of. */
  readonly credential: string;
}

/** Tells who asks for a page; undefined for somebody who has not signed in. */
export type Visitors = (request: Request, context: RequestContext) => Promise<Visit | undefined>;

/** Browsers bring the cookie of a session; programs may look at pages with an access token. */
export function consoleVisitors({ sessions, doorkeeper }: { sessions: Sessions; doorkeeper: Doorkeeper }): Visitors {
  return async (request, context) => {
    const cookie = readCookie(request, "session", context);
    const signedIn = await sessions.find(cookie);
    if (signedIn) return { caller: signedIn, credential: cookie };
    const credentials = parseAuthorization(request.headers.get("authorization"));
    if (credentials.kind !== "bearer") return undefined;
    const caller = await doorkeeper.identify(credentials, context, { registryTokens: false });
    return caller.principal.kind === "anonymous" ? undefined : { caller, credential: credentials.token };
  };
}
