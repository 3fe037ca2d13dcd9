/** What a filter may look at. */
interface Filterable {
  readonly projectId: string;
  readonly projectNumber: string;
  readonly name: string;
  readonly lifecycleState: string;
}

const fields: ReadonlyMap<string, keyof Filterable> = new Map([
  ["id", "projectId"],
  ["projectid", "projectId"],
  ["projectnumber", "projectNumber"],
  ["name", "name"],
  ["lifecyclestate", "lifecycleState"],
]);
const term = /^(\w+)\s*([:=])\s*("[^"]*"|[^\s"()]+)$/;

/**
 * Reads the filter of a project listing (cloudresourcemanager.v1 `projects.list`): terms `field:text` or `field=text`
 * joined by AND, in the brackets that gcloud puts around its own. `*` at an end stands for anything; case is ignored.
 * Undefined for what is not understood: a wrong selection would be worse than none.
 */
export function parseProjectFilter(text: string): ((project: Filterable) => boolean) | undefined {
  const plain = text.replaceAll(/[()]/g, " ").trim();
  if (plain === "") return () => true;
  const terms = plain.split(/\s+AND\s+/i).map(parseTerm);
  if (terms.includes(undefined)) return undefined;
  return (project) => terms.every((matches) => matches?.(project));
}

function parseTerm(text: string): ((project: Filterable) => boolean) | undefined {
  const [, name = "", , value = ""] = term.exec(text.trim()) ?? [];
  const field = fields.get(name.toLowerCase());
  if (field === undefined) return undefined;
  const pattern = value.replaceAll('"', "").toLowerCase();
  const body = pattern.replaceAll(/^\*|\*$/g, "");
  if (body.includes("*")) return undefined;
  const [open, close] = [pattern.startsWith("*"), pattern.endsWith("*")];
  return (project) => {
    const text = project[field].toLowerCase();
    if (open && close) return text.includes(body);
    if (open) return text.endsWith(body);
    return close ? text.startsWith(body) : text === body;
  };
}
