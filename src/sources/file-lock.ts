import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { Failure } from "./failure.ts";

/** An edit takes milliseconds: a lock that is older was left by a process that died. */
const staleAfterMilliseconds = 30_000;
/** Between making the file and naming its process lie microseconds: one that stays nameless was left by a kill there. */
const namelessAfterMilliseconds = 1_000;
const waitMillisecondsMax = 10_000;
const pollMilliseconds = 20;

export type LockOptions<T> = {
  /** Asked while waiting: an answer makes the lock unnecessary. */
  until?: () => T | undefined | Promise<T | undefined>;
};

/**
 * Runs `work` while no other process that takes the lock does: a file beside the one that is edited, `PATH.lock`, which
 * names the process that holds it. A lock whose process is gone, or that is too old, is taken over.
 */
export async function withFileLock<T>(
  path: string,
  work: () => T | Promise<T>,
  { until = () => undefined }: LockOptions<T> = {},
): Promise<T> {
  const lock = `${path}.lock`;
  const token = `${process.pid} ${crypto.randomUUID()}\n`;
  const answer = await acquire(lock, token, until);
  if (answer !== undefined) return answer;
  try {
    return await work();
  } finally {
    if (holder(lock) === token) rmSync(lock, { force: true });
  }
}

/** Takes the lock, or returns what `until` found meanwhile. */
async function acquire<T>(
  lock: string,
  token: string,
  until: NonNullable<LockOptions<T>["until"]>,
): Promise<T | undefined> {
  const deadline = performance.now() + waitMillisecondsMax;
  while (!tryAcquire(lock, token)) {
    const answer = await until();
    if (answer !== undefined) return answer;
    const current = holder(lock);
    if (current === token) return undefined; // It was moved aside and put back while we looked.
    if (current !== undefined && isStale(lock, current)) breakLock(lock, current);
    else if (performance.now() > deadline)
      throw new Failure(`${lock} is held by process ${current?.split(" ")[0]}`, `if it is not running: rm ${lock}`);
    else await Bun.sleep(pollMilliseconds);
  }
  return undefined;
}

function tryAcquire(lock: string, token: string): boolean {
  try {
    writeFileSync(lock, token, { flag: "wx", mode: 0o600 });
    return holder(lock) === token;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function holder(lock: string): string | undefined {
  try {
    return readFileSync(lock, "utf8");
  } catch {
    return undefined;
  }
}

function isStale(lock: string, current: string): boolean {
  const age = Math.abs(Date.now() - (statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()));
  if (current === "") return age > namelessAfterMilliseconds;
  const process = Number.parseInt(current, 10);
  return age > staleAfterMilliseconds || (Number.isInteger(process) && process > 0 && !isRunning(process));
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return !isZombie(processId);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** It ended, and its parent has not asked how: in containers without an init process nobody ever does. */
function isZombie(processId: number): boolean {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")")).startsWith(") Z"); // proc(5): the state comes after the name in parentheses.
  } catch {
    return false; // Not on Linux, or gone by now.
  }
}

/** Moves the stale lock aside; if another process was quicker and this is its fresh one, puts it back. */
function breakLock(lock: string, stale: string): void {
  const aside = `${lock}.${process.pid}.${crypto.randomUUID().slice(0, 8)}`;
  try {
    renameSync(lock, aside);
    if (holder(aside) !== stale) linkSync(aside, lock);
  } catch {
    // It is gone, or a third process holds the lock by now: the next try finds out.
  }
  rmSync(aside, { force: true });
}
