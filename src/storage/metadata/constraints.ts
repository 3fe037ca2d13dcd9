import { guardKey } from "./deny-policies.ts";
import type { Reader, ResourceKey, Writer } from "./schema.ts";

export interface ConstraintRow {
  readonly resource: ResourceKey;
  readonly name: string;
  readonly value: string;
  readonly etag: string;
  readonly updatedAt: number;
}

const columns = ["resource", "name", "value", "etag", "updated_at as updatedAt"] as const;

/** What is set on any of these resources, of one constraint or of all. */
export async function listConstraints(
  read: Reader,
  resources: readonly ResourceKey[],
  name?: string,
): Promise<ConstraintRow[]> {
  const all = read.selectFrom("constraints").select(columns).where("resource", "in", resources).orderBy("name");
  return await (name === undefined ? all : all.where("name", "=", name)).execute();
}

export async function putConstraint(write: Writer, constraint: ConstraintRow): Promise<void> {
  const { updatedAt, ...rest } = constraint;
  await removeConstraint(write, constraint.resource, constraint.name);
  await write
    .insertInto("constraints")
    .values({ ...rest, updated_at: updatedAt })
    .execute();
}

export async function removeConstraint(write: Writer, resource: ResourceKey, name: string): Promise<void> {
  await write.deleteFrom("constraints").where("resource", "=", resource).where("name", "=", name).execute();
}

/** Shows decisions that a constraint is on or off here: every caller is among `allUsers`, so every decision finds it. */
export async function markConstraint(
  write: Writer,
  resource: ResourceKey,
  name: string,
  state: "on" | "off" | "unset",
): Promise<void> {
  const marks = ["on", "off"].map((each) => `constraint:${name}:${each}`);
  await write.deleteFrom("bindings").where("resource", "=", guardKey(resource)).where("role", "in", marks).execute();
  if (state === "unset") return;
  await write
    .insertInto("bindings")
    .values({
      resource: guardKey(resource),
      member: "allUsers",
      role: `constraint:${name}:${state}`,
      condition: "",
    })
    .execute();
}
