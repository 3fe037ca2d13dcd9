import { z } from "zod";
import type { Run } from "./tables.ts";

/** Where an installation moves to, in the words of the command that moves it; no secret is in it. */
export type SourceState = z.infer<typeof sourceSchema>;

const sourceSchema = z.object({
  /** `following`: it serves, and what changes is noted. `closed`: read-only, for the finish. `moved`: for good. */
  phase: z.enum(["following", "closed", "moved"]),
  to: z.string(),
  at: z.number(),
});

/** How far a database is that an installation moves into. */
export type TargetState = z.infer<typeof targetSchema>;

const targetSchema = z.object({
  phase: z.enum(["copying", "done"]),
  /** The id of the installation that moves here. */
  installation: z.string(),
  /** The table that is being copied, and the last key that was. */
  rows: z.object({ table: z.string(), after: z.array(z.unknown()).optional() }).optional(),
  /** The last object that was copied, in the order of keys. */
  objectsAfter: z.string().optional(),
  /** The last object that was read again and compared. */
  checkedAfter: z.string().optional(),
  rowsDone: z.boolean().optional(),
  objectsDone: z.boolean().optional(),
  checkDone: z.boolean().optional(),
  /** Foreign keys that were taken off for the time of the move, as the statements that put them back. */
  references: z.array(z.string()).optional(),
});

export async function readSourceState(run: Run): Promise<SourceState | undefined> {
  const text = await readState(run, "source");
  return text === undefined ? undefined : sourceSchema.parse(JSON.parse(text));
}

export async function readTargetState(run: Run): Promise<TargetState | undefined> {
  const text = await readState(run, "target");
  return text === undefined ? undefined : targetSchema.parse(JSON.parse(text));
}

export async function writeState(run: Run, side: "source" | "target", state: SourceState | TargetState): Promise<void> {
  await run("insert into moves (side, state) values (?, ?) on conflict (side) do update set state = excluded.state", [
    side,
    JSON.stringify(state),
  ]);
}

export async function forgetState(run: Run, side: "source" | "target"): Promise<void> {
  await run("delete from moves where side = ?", [side]);
}

async function readState(run: Run, side: "source" | "target"): Promise<string | undefined> {
  const [row] = await run("select state from moves where side = ?", [side]);
  return row === undefined ? undefined : String(row.state);
}
