import { execFileSync } from "node:child_process";
import { join } from "node:path";

/**
 * The time that everything built is stamped with, so that the same sources give the same bytes: SOURCE_DATE_EPOCH (seconds,
 * https://reproducible-builds.org/specs/source-date-epoch/), else the time of the last commit, else 1980, the oldest that all
 * formats know.
 */
export function sourceDate(env: NodeJS.ProcessEnv = process.env): Date {
  const named = env.SOURCE_DATE_EPOCH;
  if (named !== undefined && /^[0-9]{1,11}$/.test(named)) return new Date(Number(named) * 1000);
  try {
    const seconds = execFileSync("git", ["log", "-1", "--format=%ct"], {
      cwd: join(import.meta.dir, ".."),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
    return new Date(Number(seconds.trim()) * 1000);
  } catch {
    return new Date(Date.UTC(1980, 0, 1));
  }
}
