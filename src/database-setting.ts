import { readFileSync } from "node:fs";
import { wrongDatabaseUrl } from "./storage/metadata/database-url.ts";

/** A database that cannot be used; the message says which and why, and holds no password. */
export class DatabaseError extends Error {
  override name = "DatabaseError";
}

/** Where a command is told an installation's database is, when it is not in the data folder. */
export interface DatabaseOptions {
  readonly database?: string | undefined;
  readonly "database-file"?: string | undefined;
}

/** The URL of the external database, where a command was told of one: by an option, else by a variable. Throws DatabaseError. */
export function databaseUrl(
  options: DatabaseOptions,
  env: Readonly<Record<string, string | undefined>>,
): string | undefined {
  const said = [
    { text: options.database, file: options["database-file"], name: "--database" },
    { text: env["WAYBILL_DATABASE"], file: env["WAYBILL_DATABASE_FILE"], name: "WAYBILL_DATABASE" },
  ].find(({ text, file }) => (text ?? "") !== "" || (file ?? "") !== "");
  if (!said) return undefined;
  const url = said.text || contentOf(said.file ?? "");
  const problem = wrongDatabaseUrl(url);
  if (problem !== undefined) throw new DatabaseError(`${said.name} ${problem}`);
  return url;
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new DatabaseError(`the database's file ${file} cannot be read: ${(error as { code?: string }).code}`);
  }
}
