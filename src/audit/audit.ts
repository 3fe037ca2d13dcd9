import { randomBytes } from "node:crypto";
import type { SigningKeys } from "../identity/signing-keys.ts";
import { type AuditSegment, insertPendingAudit, listAuditSegments } from "../storage/metadata/audit.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { Writer } from "../storage/metadata/schema.ts";
import { type BlobPush, BlobPushes } from "./blob-pushes.ts";
import { ChangeFailed, Changes } from "./changes.ts";
import { type AuditEvent, fromHere, serverItself } from "./event.ts";
import { Journal } from "./journal.ts";
import { type AuditAnswer, type AuditQuery, readAudit } from "./reader.ts";
import { Repeats } from "./repeats.ts";
import { dropOldSegments } from "./retention.ts";
import { type Use, type UseOf, Uses } from "./uses.ts";
import { auditKeys, type SegmentReport, verifySegment } from "./verify.ts";

export interface AuditFoundations {
  /** As it is; `watch` gives the one that domains are to write with. */
  readonly metadata: Metadata;
  readonly signingKeys: SigningKeys;
  readonly installationId: string;
  readonly now: () => number;
  readonly log: (error: unknown, message: string) => void;
  /** Told of everything that is noted, each time, at once. */
  readonly onEvent?: ((event: AuditEvent) => void) | undefined;
}

/** How long an event may wait for others to be written with it. A power cut loses no more than this and one sync. */
const waitMilliseconds = 200;
/** No token is given out while an older event waits for so long: a power cut loses less than a second of them. */
const lagMillisecondsMax = 700;
/** Events that wait at once. With more, what cannot be written down is not done. */
const waitingMax = 200_000;
/** First pulls that are remembered, so that the next pull of the same asks no database. */
const pullsMax = 50_000;

/**
 * What happened: every token, every refusal, every change. Events are gathered and written together, off the path of the
 * request; those of changes are in the transaction of the change (`changing`, `noteIn`).
 */
export class Audit {
  readonly #foundations: AuditFoundations;
  readonly #node = randomBytes(8).toString("hex");
  readonly #journal: Journal;
  readonly #changes: Changes;
  readonly #repeats = new Repeats();
  readonly #blobPushes = new BlobPushes();
  readonly #uses = new Uses();
  readonly #pulls = new Set<string>();
  readonly #ending = new AbortController();
  #closed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(foundations: AuditFoundations) {
    this.#foundations = foundations;
    this.#journal = new Journal(foundations, this.#node);
    this.#changes = new Changes((write, event) => this.noteIn(write, event));
  }

  /** Writes an event down soon. Throws where too many wait already: the disk does not keep up, or is full. */
  note(event: AuditEvent): void {
    this.#foundations.onEvent?.(event);
    const now = this.#foundations.now();
    if (!this.#repeats.admits(event, now)) return;
    if (this.#journal.waiting >= waitingMax) throw new Error("the audit log cannot be written");
    this.#journal.add({ at: now, event });
    this.#schedule();
  }

  /**
   * Notes a token before it is given out. On a disk that does not keep up it waits until what was noted long before is written, so
   * that all the tokens that a power cut takes out of the log were issued within a second. A disk that refuses to be written at
   * all is no reason to wait: see `note`.
   */
  async issued(event: AuditEvent & { kind: "token.issued" }): Promise<void> {
    while (this.#lags()) {
      const written = await this.#journal.write().then(
        () => true,
        () => false,
      );
      if (!written) break;
    }
    this.note(event);
  }

  /** Writes a blob's push down soon, together with what else is pushed there meanwhile. Throws like `note`. */
  blobPushed(push: BlobPush): void {
    if (this.#journal.waiting + this.#blobPushes.waiting >= waitingMax)
      throw new Error("the audit log cannot be written");
    const full = this.#blobPushes.add(push);
    if (full) this.note(full);
    this.#schedule();
  }

  /** Writes an event down in a transaction: it is in the log if and only if the transaction is committed. */
  async noteIn(write: Writer, event: AuditEvent): Promise<void> {
    this.#foundations.onEvent?.(event);
    await insertPendingAudit(write, this.#node, this.#foundations.now(), JSON.stringify(event));
    this.#journal.expectPending();
    this.#schedule();
  }

  /**
   * Runs a change and logs it: in the first transaction that the change makes, or after it where it makes none. One that
   * fails is logged as such when it had changed something by then.
   */
  async changing<T>(event: AuditEvent & { kind: "administration" }, run: () => Promise<T>): Promise<T> {
    try {
      const { result, written } = await this.#changes.during(event, run);
      if (!written) this.note(event);
      return result;
    } catch (error) {
      if (!(error instanceof ChangeFailed)) throw error;
      if (error.written) this.note({ ...event, outcome: "failed", reason: "a later part of it failed" });
      throw error.cause;
    }
  }

  /** The database for the domains: see `changing`. */
  watch(metadata: Metadata): Metadata {
    const close = async () => {
      await this.close();
      await metadata.close();
    };
    return { ...this.#changes.watch(metadata), close };
  }

  /** A count of something that was allowed and done, to be raised with `again`. */
  use(of: UseOf): Use {
    return this.#uses.of(of);
  }

  again(use: Use): void {
    this.#uses.again(use);
  }

  /**
   * Notes a pull of a manifest; in the log is the first one of each principal and manifest. False where it could not be noted.
   *
   * @param principal its key
   * @param event made only where it is needed
   */
  pulled(principal: string, repositoryId: string, digest: string, event: () => AuditEvent): boolean {
    const key = `${principal} ${repositoryId} ${digest}`;
    if (this.#pulls.has(key)) return true;
    // Pulls go on while the log cannot be written: they are the last thing that a full disk is to stop.
    if (this.#journal.waiting >= waitingMax) return false;
    if (this.#pulls.size >= pullsMax) this.#pulls.clear();
    this.#pulls.add(key);
    this.#journal.addPull({ at: this.#foundations.now(), event: event(), principal, repositoryId, digest });
    this.#schedule();
    return true;
  }

  /** A page of the log, with what was noted up to now. */
  async read(query: AuditQuery): Promise<AuditAnswer> {
    await this.flush();
    return await readAudit(this.#foundations.metadata, query);
  }

  /**
   * Resolves when this node has written something new, when the time is over (another node may have), or when `signal`
   * says so: then read on after the last id. Ask for it before reading, or news between the two is missed until the next.
   * False when there is nothing more to wait for: the server stops.
   */
  async news(milliseconds: number, signal?: AbortSignal): Promise<boolean> {
    if (this.#ending.signal.aborted) return false;
    const { promise, resolve } = Promise.withResolvers<void>();
    const forget = this.#journal.onNews(resolve);
    const timer = setTimeout(resolve, milliseconds);
    const stop = () => resolve();
    const signals = [this.#ending.signal, ...(signal ? [signal] : [])];
    for (const each of signals) each.addEventListener("abort", stop);
    if (signal?.aborted) resolve();
    await promise;
    clearTimeout(timer);
    forget();
    for (const each of signals) each.removeEventListener("abort", stop);
    return !this.#ending.signal.aborted;
  }

  /** Lets nobody wait for news any longer. */
  endWaiting(): void {
    this.#ending.abort();
  }

  /** Checks some segments, those after `after` only; see verifySegment. */
  async verify(after: AuditSegment | undefined, limit: number): Promise<SegmentReport[]> {
    await this.flush();
    const { read } = this.#foundations.metadata;
    const keys = await auditKeys(read);
    const reports: SegmentReport[] = [];
    for (const segment of await listAuditSegments(read, after, limit)) {
      reports.push(await verifySegment(read, segment, keys));
    }
    return reports;
  }

  /** Drops what is older than so many days. */
  async drop(days: number, signal: AbortSignal): Promise<void> {
    for (const dropped of await dropOldSegments(this.#foundations, days, signal)) {
      this.note({ kind: "log.dropped", dropped, who: serverItself, from: fromHere });
    }
  }

  /** Resolves when everything noted before this call is on disk. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#noteBlobPushes();
    await this.#journal.write();
  }

  /** Signs how far the log has come, and writes down what was counted. To be called every minute. */
  async checkpoint(): Promise<void> {
    await this.#writeCounted(false);
    await this.#journal.checkpoint(false);
  }

  /** Writes all that is counted, for a question about it. */
  async writeUses(): Promise<void> {
    await this.#journal.writeUses(this.#uses.take(this.#foundations.now()));
  }

  /** Writes the rest and closes the segment. What comes later is lost. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    try {
      await this.#writeCounted(true);
      await this.#journal.checkpoint(true);
    } catch (error) {
      this.#foundations.log(error, "the end of the audit log could not be written");
    }
  }

  #lags(): boolean {
    const { waitingSince } = this.#journal;
    return waitingSince !== undefined && this.#foundations.now() - waitingSince > lagMillisecondsMax;
  }

  #noteBlobPushes(): void {
    const now = this.#foundations.now();
    for (const event of this.#blobPushes.take()) {
      if (this.#repeats.admits(event, now)) this.#journal.add({ at: now, event });
    }
  }

  async #writeCounted(all: boolean): Promise<void> {
    const now = this.#foundations.now();
    this.#noteBlobPushes();
    for (const event of this.#repeats.drain(now, all)) this.#journal.add({ at: now, event });
    await this.writeUses();
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#writeLater();
    }, waitMilliseconds);
    this.#timer.unref();
  }

  async #writeLater(): Promise<void> {
    try {
      this.#noteBlobPushes();
      await this.#journal.write();
    } catch (error) {
      if (this.#closed) return;
      this.#foundations.log(error, "the audit log could not be written; it will be tried again");
      this.#schedule();
    }
  }
}
