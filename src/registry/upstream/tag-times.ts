/** Tags that are remembered; of more than these the oldest are looked up anew. */
const tagsMax = 50_000;

/** When each tag was last seen at its upstream. Only a shortcut: after a restart all are looked up once. */
export class TagTimes {
  readonly #seen = new Map<string, number>();

  note(key: string, now: number): void {
    this.#seen.delete(key);
    this.#seen.set(key, now);
    const [oldest] = this.#seen.keys();
    if (this.#seen.size > tagsMax && oldest !== undefined) this.#seen.delete(oldest);
  }

  /** Was it seen after `since`? */
  isFresh(key: string, since: number): boolean {
    const seen = this.#seen.get(key);
    return seen !== undefined && seen > since;
  }
}
