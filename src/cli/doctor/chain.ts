/** One link of the chain between a user and an image: what was found, and what mends it where it is broken. */
export type Link = {
  name: string;
  status: "ok" | "warning" | "broken" | "skipped";
  found: string;
  mend?: string;
  fix?: Fix;
};

/** What `--fix` does about a link: said first, in words that follow "will". */
export type Fix = { what: string; apply: () => Promise<void> };

/** The links in the order in which they were looked at. */
export class Chain {
  readonly links: Link[] = [];

  ok(name: string, found: string): void {
    this.links.push({ name, status: "ok", found });
  }

  /** It works, or may; somebody should know all the same. */
  warn(name: string, found: string, mend: string, fix?: Fix): void {
    this.links.push({ name, status: "warning", found, mend, ...(fix && { fix }) });
  }

  broken(name: string, found: string, mend: string, fix?: Fix): void {
    this.links.push({ name, status: "broken", found, mend, ...(fix && { fix }) });
  }

  /** It could not be looked at, because of a link before it. */
  skip(name: string, why: string): void {
    this.links.push({ name, status: "skipped", found: why });
  }

  get isBroken(): boolean {
    return this.links.some(({ status }) => status === "broken");
  }
}
