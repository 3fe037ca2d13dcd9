import type { Kysely } from "kysely";

/** A database as its schema, whatever version that has. */
export interface OpenedSchema {
  readonly dialect: "sqlite" | "postgres";
  readonly db: Kysely<never>;
  /** Who else is at work on it: a Waybill for certain, or sessions that may be one's. From then on no other Waybill leads. */
  whoElse(): Promise<"waybill" | "sessions" | undefined>;
  close(): Promise<void>;
}
