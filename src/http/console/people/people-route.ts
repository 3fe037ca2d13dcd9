import type { Audit } from "../../../audit/audit.ts";
import type { People } from "../../../identity/people/people.ts";
import type { Origin, SignedInCaller } from "../../../identity/sessions.ts";
import type { SetupCodes } from "../../../setup-codes.ts";
import type { Writer } from "../../../storage/metadata/schema.ts";
import type { UserRow } from "../../../storage/metadata/users.ts";
import type { ErrorLog } from "../../distribution/answer-error.ts";
import type { Doorkeeper } from "../../doorkeeper.ts";
import type { RequestContext } from "../../names.ts";
import type { Viewer } from "../page.ts";

/** What the pages for signing in speak for. */
export interface PeopleServices extends People {
  readonly doorkeeper: Doorkeeper;
  readonly audit: Audit;
  readonly now: () => number;
  readonly setupCodes: SetupCodes;
  /** Makes a user the owner of the installation. */
  readonly makeOwner: (write: Writer, user: UserRow) => Promise<void>;
  readonly log: ErrorLog;
}

/** A request that was let in: who sends it is known, and its form is ours. */
export interface PeopleCall {
  readonly services: PeopleServices;
  readonly request: Request;
  readonly context: RequestContext;
  /** What the path names. */
  readonly path: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly form: Readonly<Record<string, string>>;
  /** The token for forms of the page that is answered. */
  readonly csrf: string;
  /** Ties what is asked now to what this browser answers later. */
  readonly visit: string;
  /** Where the browser is, for the list of sessions. */
  readonly from: Origin;
}

/** The same, of somebody who is signed in. */
export interface SignedInCall extends PeopleCall {
  readonly caller: SignedInCaller;
  readonly user: UserRow;
  readonly viewer: Viewer;
}

/** One page, or what its form does, as data. */
export type PeopleRoute = {
  readonly method: "GET" | "POST";
  /** `/console/sign-in/with/{provider}`: names in braces match one part of the path each. */
  readonly pattern: string;
} & (
  | { readonly who: "anybody"; readonly handle: (call: PeopleCall) => Promise<Response> }
  | { readonly who: "signed in"; readonly handle: (call: SignedInCall) => Promise<Response> }
);

/** Finds the row that a request means. */
export class PeopleRouteTable {
  readonly #rows: readonly { readonly route: PeopleRoute; readonly expression: RegExp }[];

  constructor(routes: readonly PeopleRoute[]) {
    const compile = (pattern: string) => new RegExp(`^${pattern.replaceAll(/\{(\w+)\}/g, "(?<$1>[a-z0-9-]+)")}$`);
    this.#rows = routes.map((route) => ({ route, expression: compile(route.pattern) }));
  }

  has(pathname: string): boolean {
    return this.#rows.some(({ expression }) => expression.test(pathname));
  }

  find(method: string, pathname: string): { route: PeopleRoute; path: Record<string, string> } | undefined {
    for (const { route, expression } of this.#rows) {
      const match = route.method === method ? expression.exec(pathname) : null;
      if (match) return { route, path: { ...match.groups } };
    }
    return undefined;
  }
}
