import { z } from "zod";
import { limitsSchema } from "./token-limits.ts";

/** How a workload proved itself, as the provider's attribute mapping read it. */
const workloadSchema = z.object({
  /** The provider's id. */
  provider: z.string(),
  groups: z.array(z.string()),
  attributes: z.record(z.string(), z.string()),
});
export type Workload = z.infer<typeof workloadSchema>;

/** Somebody in whose name the next one in the chain was become. */
const actorSchema = z.object({
  /** As in a token: `serviceAccount:ID` or `principal://…`. */
  sub: z.string(),
  key: z.string().optional(),
  login: z.string().optional(),
  workload: workloadSchema.optional(),
  /** Named in `delegates`: it passed the request on, and no token of its own was made. */
  delegate: z.literal(true).optional(),
});
export type Actor = z.infer<typeof actorSchema>;

/**
 * What a token carries on from the credential that it was made of, so that it ends with it: every use asks whether all
 * of this still holds.
 */
export const lineageShape = {
  /** The service account key that was behind the credential. */
  key: z.string().optional(),
  /** The login that it was made for. */
  login: z.string().optional(),
  workload: workloadSchema.optional(),
  /** Who became the token's subject by impersonation, the first first. */
  actors: z.array(actorSchema).optional(),
  /** What it was narrowed to. */
  limits: limitsSchema.optional(),
  /** The `jti` of every token that this one was made of. */
  from: z.array(z.string()).optional(),
};
export type Lineage = z.infer<z.ZodObject<typeof lineageShape>>;

/** Longer chains than this are nobody's. */
export const actorsMax = 8;
