import { AsyncLocalStorage } from "node:async_hooks";
import type { Metadata } from "../storage/metadata/metadata.ts";
import type { Writer } from "../storage/metadata/schema.ts";
import type { AuditEvent } from "./event.ts";

interface Change {
  readonly event: AuditEvent;
  /** Whether a transaction took it along. */
  written: boolean;
}

/**
 * Puts an event into the transaction of the change that it tells of, whichever domain makes it: domains do not know who
 * asked, and the face that does opens no transaction. This is the one place where something travels unseen, from
 * `during` to the writes below it.
 */
export class Changes {
  readonly #current = new AsyncLocalStorage<Change>();
  readonly #keep: (write: Writer, event: AuditEvent) => Promise<void>;

  constructor(keep: (write: Writer, event: AuditEvent) => Promise<void>) {
    this.#keep = keep;
  }

  /** Answers what `run` does, and whether a transaction took the event along. */
  async during<T>(event: AuditEvent, run: () => Promise<T>): Promise<{ result: T; written: boolean }> {
    const change: Change = { event, written: false };
    try {
      const result = await this.#current.run(change, run);
      return { result, written: change.written };
    } catch (error) {
      throw new ChangeFailed(error, change.written);
    }
  }

  /** The same database, whose writes take the event of the change that makes them along: once each. */
  watch(metadata: Metadata): Metadata {
    const write: Metadata["write"] = async (run) => {
      const change = this.#current.getStore();
      if (!change || change.written) return await metadata.write(run);
      const result = await metadata.write(async (writer) => {
        const answer = await run(writer);
        await this.#keep(writer, change.event);
        return answer;
      });
      change.written = true;
      return result;
    };
    return { ...metadata, write };
  }
}

/** What was thrown, and whether something had been changed by then. */
export class ChangeFailed extends Error {
  readonly written: boolean;

  constructor(cause: unknown, written: boolean) {
    super("the change failed", { cause });
    this.written = written;
  }
}
