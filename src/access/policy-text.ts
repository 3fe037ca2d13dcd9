import { AdministrationError } from "../identity/administration-error.ts";
import { ExpressionError } from "../identity/expression.ts";
import { findCustomRole } from "../storage/metadata/custom-roles.ts";
import type { BindingRow } from "../storage/metadata/hot-reads.ts";
import { findProject, findProjectById } from "../storage/metadata/projects.ts";
import type { Reader, ResourceKey, Writer } from "../storage/metadata/schema.ts";
import { type ConditionText, compileCondition } from "./conditions.ts";
import { isEverybody } from "./grounds.ts";
import { formatMember, parseMember } from "./member.ts";
import { projectOf } from "./project-of.ts";
import { isCustomRole, roles } from "./roles.ts";

/** A role for these members, as Google writes it: names, not ids. */
export interface Binding {
  readonly role: string;
  readonly members: readonly string[];
  /** It counts only while this holds. */
  readonly condition?: ConditionText | undefined;
}

export type Row = Omit<BindingRow, "resource">;

const bindingsMax = 1500;
/** A condition is part of an index's key. */
const conditionBytesMax = 2000;
const titleCharactersMax = 100;
const descriptionCharactersMax = 256;
const customRole = /^projects\/([^/]+)\/roles\/([a-zA-Z0-9_.]{3,64})$/;

/** Rows as bindings: one for each role and condition. */
export async function presentBindings(read: Reader, rows: readonly Row[]): Promise<Binding[]> {
  const bindings = new Map<string, { role: string; members: string[]; condition?: ConditionText }>();
  for (const { role, member, condition } of rows) {
    const key = `${role} ${condition}`;
    const known = bindings.get(key) ?? {
      role: await formatRole(read, role),
      members: [],
      ...(condition !== "" && { condition: JSON.parse(condition) as ConditionText }),
    };
    known.members.push(await formatMember(read, member));
    bindings.set(key, known);
  }
  return [...bindings.values()].map((binding) => ({ ...binding, members: binding.members.toSorted() }));
}

/**
 * Bindings as rows, everything in them checked.
 *
 * @param current what is there: a role that is gone may stay, and come from there only
 * @param publicPrevented whether what is open to everybody may not be added
 */
export async function toRows(
  write: Writer,
  resource: ResourceKey,
  bindings: readonly Binding[],
  { current, publicPrevented, now }: { current: readonly Row[]; publicPrevented: boolean; now: number },
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const binding of bindings) {
    const role = await parseRole(write, resource, binding.role, current);
    const everybody = binding.members.filter(isEverybody);
    if (everybody.length > 0) await requireImagesOnly(write, role);
    const condition = await parseCondition(binding.condition);
    for (const text of binding.members) {
      const row = { role, member: await parseMember(write, text, now), condition };
      if (publicPrevented && isEverybody(text) && !current.some((each) => isSame(each, row))) throw prevented(text);
      rows.push(row);
    }
  }
  if (rows.length <= bindingsMax) return rows;
  throw new AdministrationError("invalid", `A policy may name ${bindingsMax} members at most: use a group.`);
}

/** A role of a project is kept under the project's id. Throws `invalid`. */
async function parseRole(write: Writer, resource: ResourceKey, name: string, current: readonly Row[]): Promise<string> {
  const custom = customRole.exec(name);
  if (!custom) return requireRole(name, resource);
  const [, projectName = "", id = ""] = custom;
  const project = /^[0-9]+$/.test(projectName)
    ? await findProjectById(write, projectName)
    : await findProject(write, projectName);
  const own = await projectOf(write, resource);
  const key = `projects/${project?.id}/roles/${id}`;
  if (project && own === project.id) {
    if (current.some(({ role }) => role === key)) return key;
    const row = await findCustomRole(write, key);
    if (row && row.deletedAt === null) return key;
  }
  throw new AdministrationError(
    "invalid",
    `Role ${name} is not supported for this resource: a project's own roles are granted in that project.`,
  );
}

function requireRole(name: string, resource: ResourceKey): string {
  const role = roles.get(name);
  if (!role) throw new AdministrationError("invalid", `Role ${name} is not supported for this resource.`);
  const above = resource === "installation" || resource.startsWith("project/");
  if (!role.belowProject || !above) return name;
  throw new AdministrationError("invalid", `Role ${name} is granted on a location or a repository, not on a project.`);
}

async function formatRole(read: Reader, role: string): Promise<string> {
  if (!isCustomRole(role)) return role;
  const [, projectId = "", , name = ""] = role.split("/");
  const project = await findProjectById(read, projectId);
  return project ? `projects/${project.name}/roles/${name}` : role;
}

/** What everybody gets cannot be taken back from those who used it: no account, policy or project for them. */
async function requireImagesOnly(read: Reader, name: string): Promise<void> {
  const own = isCustomRole(name) ? await findCustomRole(read, name) : undefined;
  const permissions: readonly string[] = own
    ? (JSON.parse(own.permissions) as string[])
    : [...(roles.get(name)?.permissions ?? [])];
  const imagesOnly = permissions.every((each) => each.startsWith("artifactregistry.") && !each.endsWith("IamPolicy"));
  if (imagesOnly) return;
  throw new AdministrationError("invalid", `Role ${name} is not for everybody: choose one for images only.`);
}

/** One text for conditions that say the same. Throws `invalid`. */
async function parseCondition(condition: ConditionText | undefined): Promise<string> {
  if (!condition) return "";
  const { expression, title = "", description = "" } = condition;
  if (title.length > titleCharactersMax || description.length > descriptionCharactersMax) {
    const most = `${titleCharactersMax} characters at most, its description ${descriptionCharactersMax}`;
    throw new AdministrationError("invalid", `The title of a condition may have ${most}.`);
  }
  try {
    await compileCondition(expression);
  } catch (error) {
    if (error instanceof ExpressionError) throw new AdministrationError("invalid", `Condition: ${error.message}.`);
    throw error;
  }
  const text = JSON.stringify({ expression, ...(title && { title }), ...(description && { description }) });
  if (Buffer.byteLength(text) <= conditionBytesMax) return text;
  throw new AdministrationError("invalid", `A condition may have ${conditionBytesMax} bytes at most, title and all.`);
}

function isSame(one: Row, other: Row): boolean {
  return one.role === other.role && one.member === other.member && one.condition === other.condition;
}

function prevented(member: string): AdministrationError {
  return new AdministrationError(
    "failed_precondition",
    `Nothing may be opened to ${member} here: the constraint storage.publicAccessPrevention is on.`,
  );
}
