// JSON as a program written in Go reads and writes it. Callers see its messages, so malformed input is refused in the
// same words; the characters that HTML knows are escaped in what is written.
import { scanGoJson } from "./go-json-scan.ts";

/** The names of Go types, as its messages have them. */
export type GoType = { value: string; struct: string };

/** What a field holds that Go would read into a text. */
type Fields = Readonly<Record<string, unknown>>;

/** Reads the first value of a text; what follows it is not looked at. */
export function decodeGoJson(text: string): unknown {
  return JSON.parse(scanGoJson(text));
}

/** Reads the first value of a text, which must be an object; `null` reads as an empty one. */
export function decodeGoObject(text: string, type: GoType): Fields {
  const value = decodeGoJson(text);
  if (value === null) return {};
  if (kindOf(value) !== "object")
    throw new Error(`json: cannot unmarshal ${kindOf(value)} into Go value of type ${type.value}`);
  return value as Fields;
}

/** The field of this name, in whatever case it is spelled; absent and `null` are undefined. */
export function goField(fields: Fields, name: string): unknown {
  const found = Object.entries(fields).findLast(([key]) => key.toLowerCase() === name.toLowerCase());
  return found?.[1] ?? undefined;
}

/** The text in a field; absent is empty. `path` is the field's name in the whole value. */
export function goText(fields: Fields, name: string, type: GoType, path = name): string {
  const value = goField(fields, name);
  if (value === undefined) return "";
  if (typeof value === "string") return value;
  throw typeError(value, `${type.struct}.${path}`, "string");
}

/** Go's refusal of a field that holds another kind of value. */
export function typeError(value: unknown, field: string, wanted: string): Error {
  return new Error(`json: cannot unmarshal ${kindOf(value)} into Go struct field ${field} of type ${wanted}`);
}

/** Writes a value on one line. */
export function encodeGoJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[<>&\u2028\u2029\ufffd]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  return typeof value === "boolean" ? "bool" : typeof value;
}
