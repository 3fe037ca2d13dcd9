// Edits `credential-helpers` in a registries.conf, which is TOML, as text: comments and everything else stay.
import { isDeepStrictEqual } from "node:util";
import { Failure } from "../sources/failure.ts";

const key = "credential-helpers";
/** What podman does when nothing is said: it looks into its own files. */
const ownFiles = "containers-auth.json";
const linePattern = /^[ \t]*credential-helpers[ \t]*=[ \t]*\[[^\]]*\][ \t]*(?:#[^\n]*)?\r?\n?/m;

/** The helpers that a file names, podman's own files among them. */
export function helpersIn(text: string): string[] {
  const value = parse(text)?.[key];
  return Array.isArray(value) ? value.filter((name) => typeof name === "string") : [];
}

/** The text with one helper more, asked after podman's own files and after `inherited`. */
export function addRegistriesHelper(text: string, helper: string, inherited: readonly string[], path: string): string {
  const current = helpersIn(text);
  if (current.includes(helper)) return text;
  const before = current.length > 0 ? current : inherited.length > 0 ? inherited : [ownFiles];
  return withHelpers(text, [...before, helper], path);
}

/** The text without the helper. Undefined when nothing is left that says anything. */
export function removeRegistriesHelper(text: string, helper: string, path: string): string | undefined {
  const current = helpersIn(text);
  if (!current.includes(helper)) return text;
  const rest = current.filter((name) => name !== helper);
  const edited = withHelpers(text, isDeepStrictEqual(rest, [ownFiles]) ? [] : rest, path);
  return edited.trim() === "" ? undefined : edited;
}

function withHelpers(text: string, helpers: readonly string[], path: string): string {
  const line = helpers.length === 0 ? "" : `${key} = [${helpers.map((name) => JSON.stringify(name)).join(", ")}]\n`;
  // At the top, when it is new: below a table's heading it would belong to that table.
  const edited = linePattern.test(text) ? text.replace(linePattern, () => line) : line + text;
  const expected = { ...parse(text), [key]: helpers };
  const actual = { ...parse(edited), [key]: helpersIn(edited) };
  if (parse(text) !== undefined && isDeepStrictEqual(actual, expected)) return edited;
  throw new Failure(`${path} could not be edited safely; it was left as it is`, `set ${key} in it yourself`);
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    return Bun.TOML.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}
