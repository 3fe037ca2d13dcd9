import type { AuditUse } from "../storage/metadata/audit-uses.ts";

/** What was allowed and done: who, what, on what. */
export interface UseOf {
  readonly principal: string;
  /** The principal as JSON. */
  readonly identity: string;
  readonly permission: string;
  readonly resource: string;
  readonly resourceKeys: readonly string[];
  /** The resource and what contains it, and what conditions read of it, as JSON. */
  readonly resourceJson: string;
  readonly projectId: string;
}

/** A count that whoever is asked again and again holds on to, so that counting costs an addition. */
export interface Use {
  readonly of: UseOf;
  count: number;
  listed: boolean;
}

const dayMilliseconds = 24 * 60 * 60 * 1000;
/** Counts that are kept at once; with more, the newest are not counted until the next are written. */
const usesMax = 50_000;

/** Counts successful decisions in memory, to be written down by the minute: a question about months, not about each one. */
export class Uses {
  readonly #uses = new Map<string, Use>();

  of(of: UseOf): Use {
    const key = `${of.principal} ${of.permission} ${of.resourceKeys.join(" ")}`;
    const known = this.#uses.get(key);
    if (known) return known;
    const use: Use = { of, count: 0, listed: false };
    if (this.#uses.size < usesMax) {
      this.#uses.set(key, use);
      use.listed = true;
    }
    return use;
  }

  /** Counts once more. */
  again(use: Use): void {
    if (use.listed) use.count++;
    else this.of(use.of).count++;
  }

  /** What was counted since the last time. */
  take(now: number): AuditUse[] {
    const day = Math.floor(now / dayMilliseconds);
    const rows: AuditUse[] = [];
    for (const [key, use] of this.#uses) {
      const { principal, identity, permission, resource, resourceJson, projectId } = use.of;
      const { count } = use;
      if (count > 0)
        rows.push({ day, principal, permission, resource, resourceKeys: resourceJson, projectId, identity, count });
      else {
        this.#uses.delete(key);
        use.listed = false;
      }
      use.count = 0;
    }
    return rows;
  }
}

/** Which day a time lies in. */
export function dayOf(at: number): number {
  return Math.floor(at / dayMilliseconds);
}
