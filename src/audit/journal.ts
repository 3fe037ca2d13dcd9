import {
  type AuditEntryRow,
  insertAuditEntries,
  lastAuditEntryOf,
  takePendingAudit,
} from "../storage/metadata/audit.ts";
import {
  type AuditCheckpointRow,
  insertAuditCheckpoint,
  lastAuditCheckpoint,
} from "../storage/metadata/audit-checkpoints.ts";
import { type AuditUse, addAuditUses, noteAuditPull } from "../storage/metadata/audit-uses.ts";
import type { Writer } from "../storage/metadata/schema.ts";
import type { AuditFoundations } from "./audit.ts";
import { chainStart, entryText, hashOf } from "./chain.ts";
import { signCheckpoint } from "./checkpoint.ts";
import { type AuditEvent, fromHere, type Link, serverItself } from "./event.ts";

/** An event on its way into the log. */
export interface Waiting {
  /** Milliseconds. */
  readonly at: number;
  readonly event: AuditEvent;
}

interface WaitingPull extends Waiting {
  readonly principal: string;
  readonly repositoryId: string;
  readonly digest: string;
}

/** A segment is dropped as a whole, so it holds neither too long a time nor too much. */
const segmentMilliseconds = 24 * 60 * 60 * 1000;
const segmentEntriesMax = 100_000;
const batchMax = 5000;
const pendingMax = 1000;
/** What another node wrote and did not take into its chain for so long is taken by whoever finds it. */
const abandonedMilliseconds = 60_000;

/** The end of this node's chain. */
interface End extends Link {
  readonly openedAt: number;
  readonly entries: number;
  /** The sequence that the last checkpoint signed. */
  readonly signed: number;
}

/** A batch that was sent to the database and not answered: it may be committed, now or in a moment. */
interface Unanswered {
  readonly end: End;
  readonly events: ReadonlySet<Waiting>;
}

/** One node's chain of entries: each holds the hash of the one before it in its segment. */
export class Journal {
  readonly #foundations: AuditFoundations;
  readonly #node: string;
  #events: Waiting[] = [];
  /** Since when the oldest event waits that is being written. */
  #writingSince: number | undefined;
  #pulls: WaitingPull[] = [];
  #pendingExpected = true;
  #end: End | undefined;
  #unanswered: Unanswered[] = [];
  #segments = 0;
  #sequence = 0;
  #running: Promise<void> = Promise.resolve();
  #listeners = new Set<() => void>();

  constructor(foundations: AuditFoundations, node: string) {
    this.#foundations = foundations;
    this.#node = node;
  }

  /** How many events wait. */
  get waiting(): number {
    return this.#events.length + this.#pulls.length;
  }

  /** Since when the oldest event waits that is not on disk; undefined where all are. Milliseconds. */
  get waitingSince(): number | undefined {
    return this.#writingSince ?? this.#events[0]?.at;
  }

  add(event: Waiting): void {
    this.#events.push(event);
  }

  addPull(pull: WaitingPull): void {
    this.#pulls.push(pull);
  }

  /** A transaction holds an event that is to be taken into the chain once it is committed. */
  expectPending(): void {
    this.#pendingExpected = true;
  }

  /** Calls `told` once, at the next write that adds something; the function that comes back takes that back. */
  onNews(told: () => void): () => void {
    this.#listeners.add(told);
    return () => this.#listeners.delete(told);
  }

  /** Resolves when all that waits is on disk. */
  async write(): Promise<void> {
    await this.#inTurn(async () => {
      while (this.#events.length > 0 || this.#pulls.length > 0 || this.#pendingExpected) await this.#writeBatch();
    });
  }

  async writeUses(uses: readonly AuditUse[]): Promise<void> {
    if (uses.length > 0) await this.#foundations.metadata.write((write) => addAuditUses(write, uses));
  }

  /** Signs the end of the chain where it was not signed yet. */
  async checkpoint(closing: boolean): Promise<void> {
    this.#pendingExpected = true;
    await this.write();
    await this.#inTurn(async () => {
      const end = this.#end;
      if (!end || end.signed === end.sequence) return;
      await this.#foundations.metadata.write((write) => this.#sign(write, end, closing ? "end" : "open"));
      this.#end = closing ? undefined : { ...end, signed: end.sequence };
    });
  }

  /** One after the other: the chain has one end. */
  async #inTurn(run: () => Promise<void>): Promise<void> {
    const mine = this.#running.catch(() => {}).then(run);
    this.#running = mine;
    await mine;
  }

  async #writeBatch(): Promise<void> {
    const { metadata, now } = this.#foundations;
    await this.#settle();
    const events = this.#events.splice(0, batchMax);
    const pulls = this.#pulls.splice(0, batchMax);
    this.#writingSince = events[0]?.at;
    const lookForPending = this.#pendingExpected;
    this.#pendingExpected = false;
    let sent: Unanswered | undefined;
    try {
      const last = this.#end ? undefined : await lastAuditCheckpoint(metadata.read);
      const after = last && linkOf(last);
      const done = await metadata.write(async (write) => {
        const pending = lookForPending
          ? await takePendingAudit(write, this.#node, now() - abandonedMilliseconds, pendingMax)
          : [];
        const first: Waiting[] = [];
        for (const pull of pulls) if (await noteAuditPull(write, pull)) first.push(pull);
        const taken = pending.map(({ at, event }) => ({ at, event: JSON.parse(event) as AuditEvent }));
        const all =
          taken.length + first.length === 0 ? events : [...taken, ...events, ...first].sort((a, b) => a.at - b.at);
        const { end } = await this.#append(write, all, after);
        if (end && all.length > 0) sent = { end, events: new Set([...events, ...pulls]) };
        return { end, more: pending.length === pendingMax, added: all.length > 0 };
      });
      if (done.end) this.#take(done.end);
      this.#pendingExpected ||= done.more;
      if (done.added) this.#tell();
    } catch (error) {
      if (sent) this.#unanswered.push(sent);
      this.#events = [...events, ...this.#events];
      this.#pulls = [...pulls, ...this.#pulls];
      this.#pendingExpected ||= lookForPending;
      throw error;
    } finally {
      this.#writingSince = undefined;
    }
  }

  /**
   * Asks what became of batches that were not answered. One that is in the log is not written again, and the chain goes on
   * after it; while none is, one may still come, and then it is the unique sequence that refuses the batch after it.
   */
  async #settle(): Promise<void> {
    if (this.#unanswered.length === 0) return;
    const last = await lastAuditEntryOf(this.#foundations.metadata.read, this.#node);
    const found = this.#unanswered.find(({ end }) => end.sequence === last?.sequence && end.hash === last.hash);
    if (!found) return;
    this.#take(found.end);
    this.#events = this.#events.filter((event) => !found.events.has(event));
    this.#pulls = this.#pulls.filter((pull) => !found.events.has(pull));
    this.#tell();
  }

  #take(end: End): void {
    this.#end = end;
    this.#segments = end.segment;
    this.#sequence = end.sequence;
    this.#unanswered = [];
  }

  /** Everything it changes it answers: the transaction may run again, or not be committed. */
  async #append(
    write: Writer,
    waiting: readonly Waiting[],
    after: Link | undefined,
  ): Promise<{ end: End | undefined }> {
    if (waiting.length === 0) return { end: this.#end };
    const { metadata, now, installationId } = this.#foundations;
    const rows: AuditEntryRow[] = [];
    let end = this.#end;
    if (end && (now() - end.openedAt > segmentMilliseconds || end.entries > segmentEntriesMax)) {
      await this.#sign(write, end, "end");
      const { node, segment, sequence, hash } = end;
      end = this.#open(now(), { node, segment, sequence, hash }, rows, installationId);
    }
    end ??= this.#open(now(), after, rows, installationId);
    for (const { at, event } of waiting) end = this.#link(end, at, event, rows);
    await insertAuditEntries(write, metadata.dialect, rows);
    return { end };
  }

  #open(at: number, after: Link | undefined, rows: AuditEntryRow[], installation: string): End {
    const start: End = {
      node: this.#node,
      segment: (this.#end?.segment ?? this.#segments) + 1,
      sequence: this.#end?.sequence ?? this.#sequence,
      hash: chainStart,
      openedAt: at,
      entries: 0,
      signed: 0,
    };
    const event = {
      kind: "log.opened",
      installation,
      ...(after && { after }),
      who: serverItself,
      from: fromHere,
    } as const;
    return this.#link(start, at, event, rows);
  }

  #link(end: End, at: number, event: AuditEvent, rows: AuditEntryRow[]): End {
    const { node, segment } = end;
    const sequence = end.sequence + 1;
    const entry = entryText({ node, segment, sequence, at }, event);
    const hash = hashOf(end.hash, entry);
    const { kind, projectId = "", who } = event;
    rows.push({ node, segment, sequence, at, kind, projectId, principal: who.principal, entry, hash });
    return { ...end, sequence, hash, entries: end.entries + 1 };
  }

  async #sign(write: Writer, link: Link, state: "open" | "end"): Promise<void> {
    const { signingKeys, installationId, now } = this.#foundations;
    await insertAuditCheckpoint(
      write,
      signCheckpoint(signingKeys.signing("audit"), installationId, link, now(), state),
    );
  }

  #tell(): void {
    const listeners = this.#listeners;
    this.#listeners = new Set();
    for (const listener of listeners) listener();
  }
}

function linkOf({ statement }: AuditCheckpointRow): Link {
  const { node, segment, sequence, hash } = JSON.parse(statement) as Link;
  return { node, segment, sequence, hash };
}
