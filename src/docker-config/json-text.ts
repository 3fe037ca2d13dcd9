// Splices into the text of a JSON object. What is new is laid out like its neighbours: on lines of its own with their
// indentation, or on the same line where the file has no lines. What is old is not touched.
import { type Node, parseTree } from "jsonc-parser";

type Path = readonly [...string[], string];

/** Docker indents with tabs; so does a file that shows no way of its own. */
const defaultLayout = "\n\t";

/** Puts a value under the path's last name, into an object that is there. */
export function setEntry(text: string, path: Path, value: unknown): string {
  const [parent, name] = locate(text, path);
  const layout = childLayout(text, parent);
  const old = findProperty(parent, name)?.children?.[1];
  if (old) return splice(text, old.offset, end(old), format(value, layout, unit(text)));
  const entry = `${layout}${JSON.stringify(name)}:${layout === "" ? "" : " "}${format(value, layout, unit(text))}`;
  const last = parent.children?.at(-1);
  if (last) return splice(text, end(last), end(last), `,${entry}`);
  return splice(text, parent.offset, end(parent), `{${entry}${ownLayout(text, parent)}}`);
}

/** Takes the path's last name and its value out of its object. */
export function removeEntry(text: string, path: Path): string {
  const [parent, name] = locate(text, path);
  const siblings = parent.children ?? [];
  const property = findProperty(parent, name);
  if (!property) return text;
  const index = siblings.indexOf(property);
  const [before, after] = [siblings[index - 1], siblings[index + 1]];
  if (before) return splice(text, end(before), end(property), "");
  if (after) return splice(text, property.offset, after.offset, "");
  return splice(text, parent.offset, end(parent), "{}");
}

/** The object that holds the path's last name. */
function locate(text: string, path: Path): [Node, string] {
  const names = path.slice(0, -1);
  let node = parseTree(text);
  for (const name of names) node = node && findProperty(node, name)?.children?.[1];
  if (node?.type !== "object") throw new Error(`there is no object at ${names.join(".")}`);
  return [node, path[path.length - 1] as string];
}

/** Where a name stands twice, JSON's readers take the last. */
function findProperty(object: Node, name: string): Node | undefined {
  return object.children?.findLast((property) => property.children?.[0]?.value === name);
}

/** What stands before each entry of this object: a line break and the indentation, or nothing on a single line. */
function childLayout(text: string, object: Node): string {
  const first = object.children?.[0];
  if (first) return lineBreakBefore(text, first.offset);
  const own = ownLayout(text, object);
  return own === "" ? "" : own + unit(text);
}

/** What stands before this object's closing brace when its entries have lines of their own. */
function ownLayout(text: string, object: Node): string {
  if (!object.parent) return unit(text) === "" ? "" : /\r\n/.test(text) ? "\r\n" : "\n";
  return lineBreakBefore(text, object.parent.offset);
}

/** One step of indentation: that of the file's first entry. */
function unit(text: string): string {
  const first = parseTree(text)?.children?.[0];
  return first ? lineBreakBefore(text, first.offset).replace(/^\r?\n/, "") : defaultLayout.slice(1);
}

/** The last line break before this place and the indentation after it, if there is nothing else between. */
function lineBreakBefore(text: string, offset: number): string {
  return /\r?\n[ \t]*$/.exec(text.slice(0, offset))?.[0] ?? "";
}

function format(value: unknown, layout: string, step: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = layout === "" ? "" : layout + step;
  const entries = Object.entries(value).map(
    ([name, item]) => `${inner}${JSON.stringify(name)}:${inner === "" ? "" : " "}${format(item, inner, step)}`,
  );
  return entries.length === 0 ? "{}" : `{${entries.join(",")}${layout}}`;
}

function end(node: Node): number {
  return node.offset + node.length;
}

function splice(text: string, from: number, to: number, content: string): string {
  return text.slice(0, from) + content + text.slice(to);
}
