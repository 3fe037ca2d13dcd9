import { Hono } from "hono";
import type { RequestContext } from "../names.ts";

/** The administration API in Google's REST shapes. */
export function createGoogleApi(_services: unknown): Hono<{ Bindings: { context: RequestContext } }> {
  return new Hono();
}
