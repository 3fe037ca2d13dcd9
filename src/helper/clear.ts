import type { Context } from "../sources/context.ts";
import { readSettings } from "../sources/settings.ts";
import type { RunCommand } from "./run.ts";

/** `clear`: forgets every account of this machine. One that cannot be signed out does not keep the others here. */
export async function clear({ env }: Context, runCommand: RunCommand): Promise<number> {
  let exitCode = 0;
  for (const email of readSettings(env).accounts.keys())
    exitCode = Math.max(exitCode, await runCommand(["auth", "revoke", email]));
  return exitCode;
}
