import { z } from "zod";
import type { Permission } from "../../access/permissions.ts";
import type { Resource } from "../../access/resource.ts";
import type { Caller } from "../../identity/caller.ts";
import type { PathParameters, TargetKind, Targets } from "../google/targets.ts";
import type { RequestContext } from "../names.ts";
import type { ConsoleServices } from "./console-services.ts";
import type { Viewer } from "./page.ts";

/** A request for a page that was let in: everything is checked. */
export interface ConsoleCall<Kind extends TargetKind = TargetKind, Form = unknown, Query = unknown> {
  readonly services: ConsoleServices;
  readonly caller: Caller;
  readonly viewer: Viewer;
  readonly context: RequestContext;
  readonly path: PathParameters;
  readonly resource: Resource;
  /** What the path names. Where the route asks no permission it may not exist, and is not looked at. */
  readonly found: Targets[Kind];
  readonly query: Query;
  readonly form: Form;
  /** Ends with the request: for answers that go on. */
  readonly signal: AbortSignal;
  /** Whether the viewer may do this; on what the path names, unless another resource is given. */
  may(permission: Permission, resource?: Resource): Promise<boolean>;
}

/** One page, or what one of its forms does, as data. */
export interface ConsoleRoute {
  readonly method: "GET" | "POST";
  /** `/console/projects/{project}`: names in braces match one part of the path each, those with a plus any number. */
  readonly pattern: string;
  readonly target: TargetKind;
  /** Asked on what the path names. A page that asks none shows each viewer what that viewer may see. */
  readonly permission: Permission | undefined;
  /** A form that changes nothing: it may be sent to a read-only server. */
  readonly asks?: true;
  readonly query: z.ZodType;
  readonly form: z.ZodType;
  readonly handle: (call: ConsoleCall) => Promise<Response>;
}

type Parts<Kind extends TargetKind, Form, Query> = Omit<ConsoleRoute, "query" | "form" | "handle" | "target"> & {
  readonly target: Kind;
  readonly query?: z.ZodType<Query>;
  readonly form?: z.ZodType<Form>;
  readonly handle: (call: ConsoleCall<Kind, Form, Query>) => Promise<Response>;
};

const nothing = z.object({});

/** A row of the table, checked against itself: the handler gets what its target, query and form make. */
export function consoleRoute<Kind extends TargetKind, Form = unknown, Query = unknown>(
  parts: Parts<Kind, Form, Query>,
): ConsoleRoute {
  const { query = nothing, form = nothing, handle } = parts;
  return { ...parts, query, form, handle: handle as unknown as ConsoleRoute["handle"] };
}

/** Finds the row that a request means, and reads the parts of the path that its pattern names. */
export class ConsoleRouteTable {
  readonly #rows: readonly { readonly route: ConsoleRoute; readonly expression: RegExp }[];

  constructor(routes: readonly ConsoleRoute[]) {
    this.#rows = routes.map((each) => ({ route: each, expression: compile(each.pattern) }));
  }

  /** @param pathname as it came, percent-encoding and all */
  find(method: string, pathname: string): { route: ConsoleRoute; path: PathParameters } | undefined {
    for (const { route, expression } of this.#rows) {
      const match = route.method === method ? expression.exec(pathname) : null;
      const path = match && decode(match.groups ?? {});
      if (path) return { route, path };
    }
    return undefined;
  }
}

function compile(pattern: string): RegExp {
  const source = pattern
    .replaceAll(".", "\\.")
    .replaceAll(/\{(\w+)(\+?)\}/g, (_, name, many) => `(?<${name}>${many ? "[^@]+" : "[^/@]+"})`);
  return new RegExp(`^${source}$`);
}

/** Undefined where it is not percent-encoded text: nothing has control characters in its name. */
function decode(groups: Record<string, string>): PathParameters | undefined {
  try {
    const parts = Object.entries(groups).map(([name, text]) => [name, decodeURIComponent(text)] as const);
    return parts.some(([, text]) => /\p{Cc}/u.test(text)) ? undefined : Object.fromEntries(parts);
  } catch {
    return undefined;
  }
}
