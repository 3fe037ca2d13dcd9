import type { Writer } from "../storage/metadata/schema.ts";
import type { Digest } from "./digest.ts";
import type { Reference } from "./reference.ts";
import type { Repository } from "./repository.ts";

/** A change of images that somebody outside may want to know of. */
export type ImageChange = {
  readonly repository: Repository;
  readonly projectId: string;
  /** The principal's key. */
  readonly principal: string;
  /** Milliseconds since 1970. */
  readonly at: number;
} & (
  | {
      readonly kind: "pushed";
      readonly digest: Digest;
      readonly tags: readonly string[];
      readonly mediaType?: string;
      readonly size?: number;
    }
  | { readonly kind: "deleted"; readonly reference: Reference }
);

/** Keeps a change in the transaction that makes it: it is told if and only if it happened. */
export type Outbox = (write: Writer, change: ImageChange) => Promise<void>;
