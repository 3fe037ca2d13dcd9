import type { AuditEvent } from "./event.ts";

/** Events of one sort by one sender that are written one by one in a minute; the others are counted. */
const aloneMax = 5;
/** Written one by one in a minute for all senders together who proved nobody. */
const anonymousMax = 120;
/** Sorts that are counted on their own in a minute; the rest are counted together. */
const sortsMax = 1000;
/** Of those, how many are written for senders who proved nobody. */
const anonymousSortsMax = 20;
const windowMilliseconds = 60_000;

interface Sort {
  readonly first: AuditEvent;
  seen: number;
  /** Those that were not written one by one. */
  counted: number;
}

/**
 * Keeps whoever has no credentials, or only bad ones, from filling the disk: what repeats itself within a minute is counted
 * and the count written. A minute of any storm is at most 140 entries of strangers; of somebody known, five for each
 * different refusal and a count.
 */
export class Repeats {
  readonly #sorts = new Map<string, Sort>();
  #anonymous = 0;
  #startedAt = Number.NEGATIVE_INFINITY;

  /** Whether the event is to be written now. */
  admits(event: AuditEvent, now: number): boolean {
    if (!repeats(event)) return true;
    // Whoever is known is held to account for each: their requests have a limit of their own.
    if (event.who.id !== "" && this.#sorts.size >= sortsMax && !this.#sorts.has(keyOf(event))) return true;
    if (this.#sorts.size === 0) this.#startedAt = now;
    const sort = this.#sortOf(event);
    sort.seen++;
    const stranger = event.who.id === "";
    const fits = sort.seen <= aloneMax && (!stranger || this.#anonymous < anonymousMax);
    if (fits && stranger) this.#anonymous++;
    if (!fits) sort.counted++;
    return fits;
  }

  /** What was counted, once its minute is over or `all` is wanted; then it begins anew. */
  drain(now: number, all: boolean): AuditEvent[] {
    if (this.#sorts.size === 0 || (!all && now - this.#startedAt < windowMilliseconds)) return [];
    const counted = [...this.#sorts.values()].filter((sort) => sort.counted > 0);
    this.#sorts.clear();
    this.#anonymous = 0;
    const known = counted.filter(({ first }) => first.who.id !== "");
    const strangers = counted.filter(({ first }) => first.who.id === "").sort((a, b) => b.counted - a.counted);
    const events = [...known, ...strangers.slice(0, anonymousSortsMax)].map(countOf);
    const rest = strangers.slice(anonymousSortsMax);
    const [example] = rest;
    if (!example) return events;
    const times = rest.reduce((sum, sort) => sum + sort.counted, 0);
    const from = { address: "", agent: "" };
    return [...events, { ...countOf(example), times, from, reason: "several", resource: "several" } as AuditEvent];
  }

  #sortOf(event: AuditEvent): Sort {
    const key = this.#sorts.size < sortsMax ? keyOf(event) : `${event.kind} others`;
    const known = this.#sorts.get(key);
    if (known) return known;
    const sort = { first: event, seen: 0, counted: 0 };
    this.#sorts.set(key, sort);
    return sort;
  }
}

/** Refusals, and what nobody in particular was given. */
function repeats({ kind, who }: AuditEvent): boolean {
  return kind === "credential.refused" || kind === "decision.refused" || kind === "token.refused" || who.id === "";
}

function keyOf(event: AuditEvent): string {
  const permission = event.kind === "decision.refused" ? event.permission : "";
  // A stranger who makes up names, or has many, is one stranger.
  const resource = event.who.id === "" ? "" : resourceOf(event);
  return `${event.kind} ${event.who.id} ${event.from.address} ${reasonOf(event)} ${permission} ${resource}`;
}

function countOf({ first, counted }: Sort): AuditEvent {
  const { kind, who, from, projectId } = first;
  const resource = resourceOf(first);
  return { kind: "repeated", of: kind, times: counted, reason: reasonOf(first), resource, who, from, projectId };
}

function reasonOf(event: AuditEvent): string {
  return "reason" in event ? (event.reason ?? "") : "";
}

function resourceOf(event: AuditEvent): string {
  return "resource" in event ? event.resource : "";
}
