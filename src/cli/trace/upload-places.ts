import { redacted } from "./exchange.ts";

/**
 * Where uploads are: a server says it in each answer, and another server says another place. A recorded address leads to what
 * the server of today has said in the place of the one in the recording.
 */
export class UploadPlaces {
  readonly #server: string;
  readonly #places = new Map<string, string>();

  constructor(server: string) {
    this.#server = server;
  }

  /** Notes that what was `recorded` is `now`. A place at another host is none: it would get our credentials. */
  note(recorded: string | undefined, now: string | null): void {
    const [before, after] = [recorded, now].map((text) => (text ? URL.parse(text, this.#server) : null));
    if (before && after && after.origin === this.#server) this.#places.set(before.pathname, after.href);
  }

  /** The address of today for a recorded one; undefined when nothing was said about it. */
  find(recorded: string): string | undefined {
    const { pathname, searchParams } = new URL(recorded);
    const place = this.#places.get(pathname);
    if (place === undefined) return undefined;
    const url = new URL(place);
    for (const [name, value] of searchParams) if (value !== redacted) url.searchParams.set(name, value);
    return url.href;
  }
}
