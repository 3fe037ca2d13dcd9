import type { z } from "zod";
import type { Permission } from "../../access/permissions.ts";
import type { Caller } from "../../identity/caller.ts";
import type { RequestContext } from "../names.ts";
import type { GoogleServices } from "./services.ts";
import type { PathParameters, TargetKind, Targets } from "./targets.ts";

/** A request that was let in: everything is checked. */
export interface ApiCall<Kind extends TargetKind, Body, Query> {
  readonly services: GoogleServices;
  readonly caller: Caller;
  readonly context: RequestContext;
  readonly path: PathParameters;
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
  readonly handle: (call: ApiCall<never, never, never>) => Promise<object>;
}

type RouteParts<Kind extends TargetKind, Body, Query> = {
  readonly method: Route["method"];
  readonly pattern: string;
  readonly target: Kind;
  readonly permission: Permission | undefined;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  readonly handle: (call: ApiCall<Kind, Body, Query>) => Promise<object>;
};
