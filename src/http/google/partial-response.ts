import { invalidField } from "./api-error.ts";

/** What is kept of an answer: a name with what is kept below it, all of it where that is empty. */
export interface Selection {
  readonly [name: string]: Selection;
}

const charactersMax = 1000;
const depthMax = 10;

/**
 * Reads the `fields` parameter of Google's APIs (partial responses): `name,bindings(role,members)`, `a/b` for `a(b)`,
 * `*` for every name. Throws INVALID_ARGUMENT.
 */
export function parseSelection(text: string): Selection {
  if (text.length > charactersMax) throw invalid(`may have ${charactersMax} characters at most`);
  const tokens = text.match(/[A-Za-z@*][\w@.-]*|[(),/]|\S/g) ?? [];
  const parser = new Parser(tokens);
  const selection = parser.list(0);
  parser.end();
  return selection;
}

/** The selected part of an answer; a list is selected from item by item. */
export function select(value: unknown, selection: Selection): unknown {
  if (Object.keys(selection).length === 0) return value;
  if (Array.isArray(value)) return value.map((item) => select(item, selection));
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).flatMap(([name, below]) => {
    const own = Object.hasOwn(selection, name) ? selection[name] : selection["*"];
    return own === undefined ? [] : [[name, select(below, own)] as const];
  });
  return Object.fromEntries(kept);
}

class Parser {
  readonly #tokens: readonly string[];
  #at = 0;

  constructor(tokens: readonly string[]) {
    this.#tokens = tokens;
  }

  list(depth: number): Selection {
    if (depth > depthMax) throw invalid("is nested too deeply");
    const selection: Record<string, Selection> = Object.create(null);
    do {
      const [name, below] = this.#path(depth);
      selection[name] = name in selection ? { ...selection[name], ...below } : below;
    } while (this.#take(","));
    return selection;
  }

  end(): void {
    if (this.#at < this.#tokens.length) throw invalid(`is not a list of fields at ${this.#tokens[this.#at]}`);
  }

  #path(depth: number): [string, Selection] {
    const name = this.#tokens[this.#at++] ?? "";
    if (!/^(?:[A-Za-z@]|\*$)/.test(name)) throw invalid("is not a list of fields, like name,bindings(role)");
    if (this.#take("/")) {
      if (depth >= depthMax) throw invalid("is nested too deeply");
      const [below, rest] = this.#path(depth + 1);
      return [name, { [below]: rest }];
    }
    if (!this.#take("(")) return [name, {}];
    const below = this.list(depth + 1);
    if (!this.#take(")")) throw invalid("lacks a closing bracket");
    return [name, below];
  }

  #take(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }
}

function invalid(description: string) {
  return invalidField("fields", description);
}
