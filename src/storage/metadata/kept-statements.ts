import type { Database, Statement } from "bun:sqlite";

interface Kept {
  readonly statement: Statement;
  readonly givesRows: boolean;
}

/** More texts than the program has; lists of another length are other texts. */
const statementsMax = 400;

/** Keeps statements prepared. The runtime does so for twenty; one push needs more, and preparing one costs more than running it. */
export class KeptStatements {
  readonly #database: Database;
  readonly #kept = new Map<string, Kept>();

  constructor(database: Database) {
    this.#database = database;
  }

  get(sql: string): Kept {
    const known = this.#kept.get(sql);
    if (known) return known;
    if (this.#kept.size >= statementsMax) this.#forgetFirst();
    const statement = this.#database.prepare(sql);
    const kept = { statement, givesRows: statement.columnNames.length > 0 };
    this.#kept.set(sql, kept);
    return kept;
  }

  #forgetFirst(): void {
    const [first] = this.#kept;
    if (!first) return;
    this.#kept.delete(first[0]);
    first[1].statement.finalize();
  }
}
