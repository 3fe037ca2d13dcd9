import type { Caller } from "../identity/caller.ts";
import { listCandidates, type Within } from "../storage/metadata/candidates.ts";
import type { BindingRow } from "../storage/metadata/hot-reads.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import { listBindingsOf, listGuardsOf } from "../storage/metadata/policies.ts";
import { listProjects } from "../storage/metadata/projects.ts";
import type { ResourceKey } from "../storage/metadata/schema.ts";
import { type Access, evaluate } from "./decide.ts";
import { bearingOf, denialIn, type Grounds, guardsOf, isEverybody, isGuard, preventsPublic } from "./grounds.ts";
import type { Permission } from "./permissions.ts";
import { projectOf } from "./project-of.ts";
import { projectResource, type Resource, repositoryResource } from "./resource.ts";
import { scopesReach } from "./scope-limits.ts";

/** Whoever is named on more resources than this sees some of them only by asking for them by name. */
const bindingsMax = 5000;
/** So many repositories or projects are looked at one by one, where a grant is for some of them. */
const candidatesMax = 5000;

type Visible = "everything" | readonly ResourceKey[];

/**
 * The resources on which a caller has a permission, for listings: all, or those that a binding names. What only some of
 * a place's repositories are granted (below a prefix, or by a condition on names) is given one by one.
 */
export async function visibleResources(
  metadata: Metadata,
  access: Access,
  caller: Caller,
  permission: Permission,
): Promise<Visible> {
  // A token for some repositories finds them by their names: a list would show what lies around them.
  if (caller.lineage?.limits?.boundaries) return [];
  if (caller.principal.kind !== "anonymous" && !scopesReach(caller.scopes, permission)) return [];
  const members = await access.membersOf(caller);
  const guards = await listGuardsOf(metadata.read, members);
  const rows = [...guards, ...(await listBindingsOf(metadata.read, members, bindingsMax))];
  const grounds = await access.groundsOf(rows, members);
  return await new Listing(metadata, caller, permission, rows, grounds).visible();
}

/** One caller's question, over all bindings that name the caller. */
class Listing {
  readonly #metadata: Metadata;
  readonly #caller: Caller;
  readonly #permission: Permission;
  readonly #rows: readonly BindingRow[];
  readonly #grounds: Grounds;

  constructor(
    metadata: Metadata,
    caller: Caller,
    permission: Permission,
    rows: readonly BindingRow[],
    grounds: Grounds,
  ) {
    this.#metadata = metadata;
    this.#caller = caller;
    this.#permission = permission;
    this.#rows = rows;
    this.#grounds = grounds;
  }

  async visible(): Promise<Visible> {
    if (this.#denied("guard/installation")) return [];
    const whole = new Set<ResourceKey>();
    for (const row of this.#rows) {
      if (!isGuard(row) && this.#isPlain(row) && (await this.#grants(row))) whole.add(row.resource);
    }
    if (whole.has("installation")) return await this.#everything();
    const some = await this.#partly(whole);
    return [...(await this.#undenied([...whole])), ...some];
  }

  /** Everything, or every project but those where a rule forbids it. */
  async #everything(): Promise<Visible> {
    if (!this.#rows.some((row) => isGuard(row) && this.#denied(row.resource))) return "everything";
    const projects = await listProjects(this.#metadata.read, "", candidatesMax);
    return await this.#undenied(projects.map(({ id }) => `project/${id}` as const));
  }

  /** Whether all of the binding's resource is granted, or nothing. */
  #isPlain({ condition, resource }: BindingRow): boolean {
    return !resource.startsWith("prefix/") && !this.#grounds.conditions.get(condition)?.readsResource;
  }

  async #grants(row: BindingRow): Promise<boolean> {
    const prevented = isEverybody(row.member) && (await this.#preventsPublic(row.resource));
    const anything: Resource = { name: "", keys: [] };
    return bearingOf(row, this.#permission, anything, this.#grounds, prevented) === "granted";
  }

  async #preventsPublic(resource: ResourceKey): Promise<boolean> {
    const marks = this.#rows.filter(({ role }) => role.startsWith("constraint:"));
    if (marks.length === 0) return false;
    const project = await projectOf(this.#metadata.read, resource);
    const own: ResourceKey[] = ["guard/installation", `guard/project/${project}`];
    return preventsPublic(marks.filter((mark) => own.includes(mark.resource)));
  }

  #denied(guard: ResourceKey): boolean {
    const rules = this.#rows.filter(({ resource }) => resource === guard);
    return denialIn(rules, this.#permission, this.#grounds) !== undefined;
  }

  async #undenied(resources: readonly ResourceKey[]): Promise<ResourceKey[]> {
    const denied = new Set(
      this.#rows.filter((row) => isGuard(row) && this.#denied(row.resource)).map(({ resource }) => resource),
    );
    if (denied.size === 0) return [...resources];
    const kept: ResourceKey[] = [];
    for (const resource of resources) {
      if (!denied.has(`guard/project/${await projectOf(this.#metadata.read, resource)}`)) kept.push(resource);
    }
    return kept;
  }

  /** What bindings give of some things in a place, each of them decided as if it were asked for. */
  async #partly(whole: ReadonlySet<ResourceKey>): Promise<ResourceKey[]> {
    const places = this.#rows.filter((row) => !isGuard(row) && !this.#isPlain(row) && !whole.has(row.resource));
    const found = new Map<ResourceKey, Resource>();
    for (const place of new Set(places.map(({ resource }) => resource))) {
      for (const [key, resource] of await this.#thingsIn(place)) found.set(key, resource);
    }
    return [...found].filter(([, resource]) => this.#decides(resource)).map(([key]) => key);
  }

  async #thingsIn(place: ResourceKey): Promise<[ResourceKey, Resource][]> {
    const { read } = this.#metadata;
    if (this.#permission.startsWith("artifactregistry.")) {
      const within = withinOf(place);
      const rows = within ? await listCandidates(read, within, candidatesMax) : [];
      return rows.map((row) => {
        const path = `${row.project.replace(":", "/")}/${row.image}`;
        const ids = { projectId: row.projectId, repositoryId: row.id };
        return [`repository/${row.id}`, repositoryResource({ ...row, path }, ids)];
      });
    }
    const projects = await listProjects(read, "", candidatesMax);
    const meant = place === "installation" ? projects : projects.filter(({ id }) => place === `project/${id}`);
    return meant.map(({ id, name }) => [`project/${id}`, projectResource(name, id)]);
  }

  #decides(resource: Resource): boolean {
    const keys = new Set<ResourceKey>([...resource.keys, ...guardsOf(resource.keys)]);
    const bindings = this.#rows.filter((row) => keys.has(row.resource));
    // Whether the token was made for it is the listing's own question.
    return evaluate({ ...this.#caller, access: undefined }, this.#permission, resource, bindings, this.#grounds)
      .allowed;
  }
}

/** Where the repositories of a resource lie; undefined for what has none. */
function withinOf(resource: ResourceKey): Within | undefined {
  const [kind = "", id = "", location, ...prefix] = resource.split("/");
  switch (kind) {
    case "installation":
      return {};
    case "project":
      return { projectId: id };
    case "location":
      return { projectId: id, location };
    case "prefix":
      return { projectId: id, location, prefix: prefix.join("/") };
    case "repository":
      return { repositoryId: id };
    default:
      return undefined;
  }
}
