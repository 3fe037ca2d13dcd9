import { isMap, isScalar, LineCounter, parseDocument } from "yaml";
import { ConfigError } from "./config-error.ts";

/** What a settings file says. */
export interface ConfigFile {
  readonly values: ReadonlyMap<string, unknown>;
  /** `waybill.yaml:3`: where a name stands in it. */
  where(name: string): string;
}

/**
 * Reads a settings file: YAML, or JSON, which is YAML too. Throws ConfigError with the line of what cannot be; a name
 * that stands twice is such a thing, because the two may say different things.
 */
export function parseConfigFile(path: string, text: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => `${path}:${lines.linePos(offset).line}`;
  // The texts of the library may quote the file, and with it a secret; the line is enough.
  const [problem] = document.errors;
  if (problem) throw new ConfigError(`${at(problem.pos[0])}: ${reasons[problem.code] ?? "this is not YAML"}`);
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null))
    return { values: new Map(), where: () => path };
  if (!isMap(contents)) throw new ConfigError(`${at(contents.range?.[0] ?? 0)}: settings are lines of NAME: VALUE`);
  const values = new Map(Object.entries(contents.toJS(document, { maxAliasCount: 0 }) as Record<string, unknown>));
  const offsets = new Map(
    contents.items.map(({ key }) => [
      isScalar(key) ? String(key.value) : "",
      isScalar(key) ? (key.range?.[0] ?? 0) : 0,
    ]),
  );
  return { values, where: (name) => at(offsets.get(name) ?? 0) };
}

const reasons: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: "this name stands twice",
  TAB_AS_INDENT: "a tab cannot indent",
};
