import { z } from "zod";
import type { Permission } from "../../access/permissions.ts";
import type { Resource } from "../../access/resource.ts";
import type { Detail } from "../../audit/event.ts";
import type { Caller } from "../../identity/caller.ts";
import type { RequestContext } from "../names.ts";
import { invalidField } from "./api-error.ts";
import type { GoogleServices } from "./services.ts";
import type { PathParameters, TargetKind, Targets } from "./targets.ts";

/** A request that was let in: everything is checked. */
export interface ApiCall<Kind extends TargetKind, Body, Query> {
  readonly services: GoogleServices;
  readonly caller: Caller;
  readonly context: RequestContext;
  readonly path: PathParameters;
  readonly resource: Resource;
  /** What the path names. Where the route asks no permission it may not exist, and is not looked at. */
  readonly found: Targets[Kind];
  readonly body: Body;
  readonly query: Query;
}

/** One method of the API as data. */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `/v1/projects/{project}:getIamPolicy`: names in braces match one part of the path each. */
  readonly pattern: string;
  /** What the path names, and what the permission is asked on. */
  readonly target: TargetKind;
  /** Absent where whoever is logged in may ask; then the answer says only what the caller may know. */
  readonly permission: Permission | undefined;
  readonly query: z.ZodType<unknown>;
  /** Absent where none is read. */
  readonly body: z.ZodType<unknown> | undefined;
  /** What the audit log is to show of the change, beside the names in the path. Never a secret. */
  readonly audited: ((body: never) => Detail) | undefined;
  readonly handle: (call: ApiCall<never, never, never>) => Promise<object>;
}

type RouteParts<Kind extends TargetKind, Body, Query> = {
  readonly method: Route["method"];
  readonly pattern: string;
  readonly target: Kind;
  readonly permission: Permission | undefined;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly audited?: (body: Body) => Detail;
  readonly handle: (call: ApiCall<Kind, Body, Query>) => Promise<object>;
};

const noParameters = z.strictObject({});

/** A row of the table, checked against itself: the handler gets what its target, query and body make. */
export function route<Kind extends TargetKind, Body = undefined, Query = Record<never, never>>(
  parts: RouteParts<Kind, Body, Query>,
): Route {
  const { query = noParameters, body, audited, handle } = parts;
  return { ...parts, query, body, audited, handle: handle as Route["handle"] };
}

/** Finds the row that a request means, and reads the parts of the path that its pattern names. */
export class RouteTable {
  readonly #rows: readonly { readonly route: Route; readonly expression: RegExp }[];

  constructor(routes: readonly Route[]) {
    this.#rows = routes.map((each) => ({ route: each, expression: compile(each.pattern) }));
  }

  /** @param pathname as it came, percent-encoding and all: only so can an id have a `/` in it */
  find(method: string, pathname: string): { route: Route; path: PathParameters } | undefined {
    for (const { route, expression } of this.#rows) {
      const match = route.method === method ? expression.exec(pathname) : null;
      if (match) return { route, path: decode(match.groups ?? {}) };
    }
    return undefined;
  }
}

/** A verb stands after the last colon: domain-scoped projects have one of their own. */
function compile(pattern: string): RegExp {
  const source = pattern.replaceAll(".", "\\.").replaceAll(/\{(\w+)\}/g, "(?<$1>[^/]+)");
  return new RegExp(`^${source}$`);
}

function decode(groups: Record<string, string>): PathParameters {
  return Object.fromEntries(Object.entries(groups).map(([name, text]) => [name, decodePart(text)]));
}

/** Nothing has control characters in its name, and PostgreSQL cannot even be asked for some. */
function decodePart(encoded: string): string {
  let text = "\0";
  try {
    text = decodeURIComponent(encoded);
  } catch {}
  if (!/\p{Cc}/u.test(text)) return text;
  throw invalidField("", "the path is not percent-encoded text");
}
