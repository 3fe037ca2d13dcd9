import type { BindingRow, Prepare } from "./hot-reads.ts";
import { inRows, places } from "./places.ts";
import type { MemberKey, ResourceKey } from "./schema.ts";

/**
 * A question has places for so many resources or members; the smallest that is enough is asked, once. The usual ones fit
 * exactly: a place that is filled up by repeating costs as much as one that asks.
 */
const resourceWidths = [1, 2, 3, 4, 5, 6, 7, 8, 12, 16];
const memberWidths = [1, 2, 3, 4, 5, 6, 8, 16, 64, 256];
/** A group in a group counts so deep. */
export const groupDepthMax = 8;

type Ask<Row> = (...parameters: string[]) => Promise<Row[]>;

/** What a decision asks, kept prepared: one statement, whatever the number of resources and members. */
export class BindingReads {
  readonly #prepare: Prepare;
  readonly #bindings = new Map<number, Ask<BindingRow>>();
  readonly #groups = new Map<number, Ask<{ id: string }>>();
  readonly #customRole;
  readonly #denyRules;
  readonly #constraint;

  constructor(prepare: Prepare) {
    this.#prepare = prepare;
    this.#customRole = prepare<{ permissions: string }>(
      "select permissions from custom_roles where id = ? and deleted_at is null and stage <> 'DISABLED'",
    );
    // The project's own word comes first: "p" sorts after "i".
    this.#constraint = prepare<{ value: string }>(
      `select value from constraints where resource in ('installation', ?) and name = ? order by resource desc limit 1`,
    );
    this.#denyRules = prepare<{ rules: string }>("select rules from deny_policies where resource = ? and name = ?");
  }

  /** Every binding of any of these members on any of these resources. */
  async bindings(resources: readonly ResourceKey[], members: readonly MemberKey[]): Promise<BindingRow[]> {
    const rows: BindingRow[] = [];
    for (const someResources of inRows(resources, resourceWidths)) {
      for (const someMembers of inRows(members, memberWidths)) {
        const statement = this.#bindingsStatement(someResources.length, someMembers.length);
        rows.push(...(await statement(...someResources, ...someMembers)));
      }
    }
    return rows;
  }

  /** The ids of the groups that any of these members is in, also by another group. */
  async groupsOf(members: readonly MemberKey[]): Promise<string[]> {
    const ids = new Set<string>();
    for (const some of inRows(members, memberWidths)) {
      for (const { id } of await this.#groupsStatement(some.length)(...some)) ids.add(id);
    }
    return [...ids];
  }

  /** The permissions of a project's own role, as JSON, while it is in force. */
  async customRole(id: string): Promise<string | undefined> {
    return (await this.#customRole(id))[0]?.permissions;
  }

  /** The rules of a deny policy, as JSON. */
  async denyRules(resource: ResourceKey, name: string): Promise<string | undefined> {
    return (await this.#denyRules(resource, name))[0]?.rules;
  }

  /** What a constraint comes to in a project; undefined where nobody set it. */
  async constraint(projectId: string, name: string): Promise<string | undefined> {
    return (await this.#constraint(`project/${projectId}`, name))[0]?.value;
  }

  #bindingsStatement(resources: number, members: number): Ask<BindingRow> {
    return remembered(this.#bindings, resources * 1000 + members, () =>
      this.#prepare<BindingRow>(
        `select resource, member, role, condition from bindings
         where resource in (${places(resources)}) and member in (${places(members)})`,
      ),
    );
  }

  #groupsStatement(members: number): Ask<{ id: string }> {
    return remembered(this.#groups, members, () =>
      this.#prepare<{ id: string }>(
        `with recursive within(id, depth) as (
           select group_id, 1 from group_members where member in (${places(members)})
           union select m.group_id, within.depth + 1 from within
             join group_members m on m.member = 'group:' || within.id where within.depth < ${groupDepthMax}
         ) select distinct id from within`,
      ),
    );
  }
}

function remembered<Value>(values: Map<number, Value>, key: number, make: () => Value): Value {
  const known = values.get(key);
  if (known) return known;
  const made = make();
  values.set(key, made);
  return made;
}
