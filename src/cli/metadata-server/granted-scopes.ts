import { parseScope } from "../../sources/scope.ts";

/** Scopes that say who somebody is and open nothing: clients add them unasked. */
const harmless: ReadonlySet<string> = new Set([
  "openid",
  "email",
  ...["userinfo.email", "userinfo.profile"].map(parseScope),
]);

/** What a scope includes besides itself. */
const included: Readonly<Record<string, readonly string[]>> = {
  "devstorage.full_control": ["devstorage.read_write", "devstorage.read_only"],
  "devstorage.read_write": ["devstorage.read_only"],
  "cloud-platform.read-only": ["devstorage.read_only"],
};
const everything = parseScope("cloud-platform");

/** The scopes that an operator gave a host, and what its workloads may ask for. */
export class GrantedScopes {
  readonly all: readonly string[];
  readonly #reach: ReadonlySet<string>;

  /** @param granted whole URLs */
  constructor(granted: readonly string[]) {
    this.all = [...new Set(granted)];
    const more = Object.entries(included).flatMap(([name, parts]) =>
      this.all.includes(parseScope(name)) ? parts.map(parseScope) : [],
    );
    this.#reach = new Set([...this.all, ...more, ...harmless]);
  }

  /** The asked ones that are wider than what was given; empty where everything asked may be had. */
  beyond(asked: readonly string[]): readonly string[] {
    return this.all.includes(everything) ? [] : asked.filter((scope) => !this.#reach.has(scope));
  }

  /** What a token is made for: what was asked, in one order and once; everything given where nothing was. */
  chosen(asked: readonly string[]): readonly string[] {
    return asked.length === 0 ? this.all : [...new Set(asked)].sort();
  }
}
