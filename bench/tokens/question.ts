import type { Asked } from "./rate.ts";

/** One request that is asked of one server again and again. */
export interface Question extends Asked {
  readonly what: string;
  readonly contender: string;
  readonly pid: number;
  /** Requests per second to be reached, on two cores. */
  readonly goal?: number;
}
