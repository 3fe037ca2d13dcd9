// Edits a small file that other programs write too: under a lock, as a whole or not at all, and so that the file's
// permissions, its owner and a symbolic link in its place stay as they are.
import { lstatSync, readFileSync, readlinkSync, realpathSync, rmSync, type Stats, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Failure, messageOf } from "../sources/failure.ts";
import { withFileLock } from "../sources/file-lock.ts";
import { makeFolderFor, replaceFile } from "../sources/replace-file.ts";

/** Makes the new text of the old one (undefined: there is no file); undefined means that the file shall go. */
export type TextEdit = (text: string | undefined, path: string) => string | undefined | Promise<string | undefined>;

type Snapshot = { text: string | undefined; stats: Stats | undefined };

/** Other programs take no lock; an edit that lost a race with one is made again this many times. */
const attemptsMax = 5;
const ownerOnly = 0o600;

/** Edits the file at the end of the links; without a change it is not touched. `mode` is for a file that is new. */
export async function editFile(path: string, edit: TextEdit, { mode = ownerOnly } = {}): Promise<void> {
  const target = followLinks(path);
  makeFolderFor(target);
  await withFileLock(target, async () => {
    for (let attempt = 1; ; attempt++) {
      if (await tryEdit(target, edit, mode)) return;
      if (attempt === attemptsMax) throw new Failure(`${target} is being changed by another program`, "try again");
    }
  });
}

/** The file's text; undefined when it is not there. */
export function readTextFile(path: string): string | undefined {
  return readSnapshot(path).text;
}

async function tryEdit(target: string, edit: TextEdit, newMode: number): Promise<boolean> {
  const { text, stats } = readSnapshot(target);
  const edited = await edit(text, target);
  if (edited === text) return true;
  if (!isUnchanged(stats, statSync(target, { throwIfNoEntry: false }))) return false;
  if (edited === undefined) rmSync(target, { force: true });
  else replaceFile(target, edited, stats ? keptFrom(stats) : { mode: newMode });
  return true;
}

function keptFrom({ mode, uid, gid }: Stats) {
  return { mode: mode & 0o7777, owner: { uid, gid } };
}

function readSnapshot(path: string): Snapshot {
  const stats = statSync(path, { throwIfNoEntry: false });
  try {
    return { text: stats && readFileSync(path, "utf8"), stats };
  } catch (error) {
    throw new Failure(`${path} cannot be read: ${messageOf(error)}`, `check who owns it: ls -l ${path}`);
  }
}

/** The file that a chain of symbolic links ends at, also when that is not there yet. */
function followLinks(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
    return isLink ? resolve(dirname(path), readlinkSync(path)) : path;
  }
}

function isUnchanged(before: Stats | undefined, now: Stats | undefined): boolean {
  return before?.ino === now?.ino && before?.mtimeMs === now?.mtimeMs && before?.size === now?.size;
}
