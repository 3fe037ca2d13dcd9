import { isDeepStrictEqual } from "node:util";
import { Failure } from "../sources/failure.ts";
import { removeEntry, setEntry } from "./json-text.ts";

type Json = Record<string, unknown>;

/** One entry of one object in the file: `credHelpers["gcr.io"]`. Without a value it is removed. */
export type Edit = { object: string; key: string; value?: string | Readonly<Record<string, string>> };

/** Makes the edits in the text of a JSON object and touches no other byte. `whole` is the same object, parsed. */
export function editJson(text: string, whole: Readonly<Json>, edits: readonly Edit[], path: string): string {
  const expected: Json = structuredClone(whole);
  let edited = text.trim() === "" ? "{}\n" : text;
  let isChanged = false;
  for (const edit of edits) {
    const parent = objectIn(expected, edit.object, path);
    if (isDone(parent, edit)) continue;
    edited = editText(edited, parent, edit);
    editValue(expected, parent, edit);
    isChanged = true;
  }
  if (!isChanged) return text;
  // A file with the same key twice, for one, cannot be edited so: rather refuse than guess which one docker reads.
  if (!isDeepStrictEqual(JSON.parse(edited), expected))
    throw new Failure(`${path} could not be edited safely; it was left as it is`, "has it a key twice? Remove one");
  return edited;
}

function objectIn(whole: Json, name: string, path: string): Json | undefined {
  const value = Object.hasOwn(whole, name) ? whole[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value === "object" && !Array.isArray(value)) return value as Json;
  throw new Failure(`"${name}" in ${path} is not an object; the file was left as it is`, "mend it first");
}

function isDone(parent: Json | undefined, { key, value }: Edit): boolean {
  const isPresent = parent !== undefined && Object.hasOwn(parent, key);
  return value === undefined ? !isPresent : isPresent && isDeepStrictEqual(parent[key], value);
}

/** An object that an edit leaves empty goes too: Docker's own files have none. */
function isLast(parent: Json | undefined, { value }: Edit): boolean {
  return value === undefined && parent !== undefined && Object.keys(parent).length === 1;
}

function editText(text: string, parent: Json | undefined, edit: Edit): string {
  if (isLast(parent, edit)) return removeEntry(text, [edit.object]);
  if (edit.value === undefined) return removeEntry(text, [edit.object, edit.key]);
  if (parent === undefined) return setEntry(text, [edit.object], single(edit.key, edit.value));
  return setEntry(text, [edit.object, edit.key], edit.value);
}

function editValue(whole: Json, parent: Json | undefined, edit: Edit): void {
  if (isLast(parent, edit)) delete whole[edit.object];
  else if (edit.value === undefined) delete parent?.[edit.key];
  else if (parent === undefined) define(whole, edit.object, single(edit.key, edit.value));
  else define(parent, edit.key, edit.value);
}

function single(key: string, value: unknown): Json {
  return define({}, key, value);
}

/** Also for a key like `__proto__`, which an assignment would not make an entry of. */
function define(target: Json, key: string, value: unknown): Json {
  return Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
