/** An entry as it is stored: the event with its place, everything as JSON. */
export type AuditEntry = Readonly<Record<string, unknown>>;

/** A filter, read. */
export interface Filter {
  /** The first millisecond, and the one after the last. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly matches: (entry: AuditEntry) => boolean;
}

/** A filter that cannot be read; the message says what may stand there. */
export class FilterError extends Error {
  override name = "FilterError";
}

const filterCharactersMax = 2000;
const conditionsMax = 20;

/** What a condition may name, and where it lies in an entry. */
const fields: Readonly<Record<string, readonly string[]>> = {
  kind: ["kind"],
  principal: ["who", "principal"],
  id: ["who", "id"],
  credential: ["who", "credential"],
  key: ["who", "key"],
  address: ["from", "address"],
  agent: ["from", "agent"],
  project: ["project"],
  method: ["method"],
  resource: ["resource"],
  repository: ["repository"],
  digest: ["digest"],
  digests: ["digests"],
  permission: ["permission"],
  reason: ["reason"],
  outcome: ["outcome"],
  grant: ["grant"],
  token: ["token"],
  node: ["node"],
};
const names = [...Object.keys(fields), "time"].join(", ");
const condition = /^([a-z]+)\s*(>=|<=|!=|=|:|<|>)\s*("(?:[^"\\]|\\.)*"|[^\s"]+)(?:\s+(AND)\s+|\s*$)/;

/**
 * Reads `FIELD=VALUE AND FIELD!=VALUE AND FIELD:PART AND time>=2026-11-24T12:00:00Z`. `:` asks for a part of the text,
 * `time` takes `>=`, `<`, `>` and `<=` with a time of RFC 3339 or a day. Values with spaces stand in double quotes. There is no
 * OR and no nesting, so that a filter costs what its length says. Throws FilterError.
 */
export function parseFilter(text: string): Filter {
  if (text.length > filterCharactersMax)
    throw new FilterError(`a filter has ${filterCharactersMax} characters at most`);
  const times: Times = {};
  const tests: ((entry: AuditEntry) => boolean)[] = [];
  for (let rest = text.trim(), count = 0, more = rest !== ""; more; count++) {
    const match = condition.exec(rest);
    if (!match || count === conditionsMax) throw new FilterError(`write FIELD=VALUE AND …; the fields are ${names}`);
    const [whole, field = "", operator = "", quoted = "", and] = match;
    const value = quoted.startsWith('"') ? quoted.slice(1, -1).replace(/\\(.)/g, "$1") : quoted;
    if (field === "time") narrowTime(times, operator, value);
    else tests.push(testOf(field, operator, value));
    rest = rest.slice(whole.length);
    more = and !== undefined;
  }
  const { since, until } = times;
  const inTime = ({ at }: AuditEntry) => Number(at) >= (since ?? 0) && Number(at) < (until ?? Number.POSITIVE_INFINITY);
  return { since, until, matches: (entry) => inTime(entry) && tests.every((each) => each(entry)) };
}

interface Times {
  since?: number;
  until?: number;
}

function narrowTime(times: Times, operator: string, value: string): void {
  const at = /^\d{4}-\d{2}-\d{2}(?:T[0-9:.]+(?:Z|[+-]\d{2}:\d{2}))?$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(at)) throw new FilterError(`"${value.slice(0, 40)}" is no time: write 2026-11-24T12:00:00Z`);
  const since = { ">=": at, ">": at + 1 }[operator];
  const until = { "<": at, "<=": at + 1 }[operator];
  if (since === undefined && until === undefined) throw new FilterError("time takes >=, >, < and <=");
  if (since !== undefined) times.since = Math.max(since, times.since ?? since);
  if (until !== undefined) times.until = Math.min(until, times.until ?? until);
}

function testOf(field: string, operator: string, value: string): (entry: AuditEntry) => boolean {
  const path = Object.hasOwn(fields, field) ? fields[field] : undefined;
  if (!path) throw new FilterError(`there is no field ${field.slice(0, 40)}: the fields are ${names}`);
  const read = (entry: AuditEntry): string => {
    const found = path.reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], entry);
    return found === undefined ? "" : String(found);
  };
  switch (operator) {
    case "=":
      return (entry) => read(entry) === value;
    case "!=":
      return (entry) => read(entry) !== value;
    case ":":
      return (entry) => read(entry).includes(value);
    default:
      throw new FilterError(`${field} takes =, != and :`);
  }
}
