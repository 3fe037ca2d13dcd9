import { statSync } from "node:fs";
import type { TlsFiles } from "./tls-files.ts";

/** Looked at by time and not by notice: mounted secrets change by a link that nobody is told of. */
const lookEveryMilliseconds = 10_000;

export interface TlsWatchOptions {
  readonly files: readonly string[];
  /** Reads and checks them; throws when they cannot be used. */
  readonly read: () => TlsFiles;
  readonly use: (tls: TlsFiles) => void;
  readonly log: { info(detail: object, message: string): void; error(detail: object, message: string): void };
  readonly everyMilliseconds?: number;
  /** Those that are in use at the beginning. */
  readonly now?: TlsFiles | undefined;
  /** Told when new ones could not be used. */
  readonly onFailure?: () => void;
}

/**
 * Takes new certificates into use when their files change, and when it is told to. A certificate is replaced in steps, and
 * a broken one must not take a server down: what cannot be used is said in the log, and what was there goes on.
 */
export class TlsWatch {
  readonly #options: TlsWatchOptions;
  readonly #timer: ReturnType<typeof setInterval>;
  #seen: string;
  #current: TlsFiles | undefined;

  constructor(options: TlsWatchOptions) {
    this.#options = options;
    this.#current = options.now;
    this.#seen = stateOf(options.files);
    this.#timer = setInterval(() => this.#look(), options.everyMilliseconds ?? lookEveryMilliseconds);
    this.#timer.unref();
  }

  /** Reads them now, changed or not. Answers whether they are in use. */
  renew(): boolean {
    const { read, use, log, onFailure } = this.#options;
    try {
      const tls = read();
      use(tls);
      this.#current = tls;
      log.info({ certificates: tls.certificates }, "new certificates are in use");
      return true;
    } catch (error) {
      onFailure?.();
      log.error({ err: error }, "the new certificates cannot be used; those before stay in use");
      return false;
    }
  }

  /** Those that are in use. */
  get current(): TlsFiles | undefined {
    return this.#current;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One that failed is read again only when its files change again: the log would be full of it. */
  #look(): void {
    const state = stateOf(this.#options.files);
    if (state === this.#seen) return;
    this.#seen = state;
    this.renew();
  }
}

function stateOf(files: readonly string[]): string {
  return files
    .map((file) => {
      const { ino, mtimeMs, size } = statSync(file, { throwIfNoEntry: false }) ?? { ino: 0, mtimeMs: 0, size: 0 };
      return `${ino} ${mtimeMs} ${size}`;
    })
    .join(",");
}
