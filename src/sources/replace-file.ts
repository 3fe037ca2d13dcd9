import {
  chmodSync,
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";

export type ReplaceOptions = {
  /** The file's permissions; it has 0600 until its bytes are complete. */
  mode?: number;
  owner?: { uid: number; gid: number };
  /** Must it survive a power cut? A cache need not. */
  durable?: boolean;
};

/**
 * Puts a whole new file in the place of the old one: whoever reads at the same time sees the one or the other, and a
 * failure leaves the old one.
 */
export function replaceFile(path: string, text: string, options: ReplaceOptions = {}): void {
  removeAbandoned(dirname(path));
  const temporary = `${path}.${process.pid}.${crypto.randomUUID().slice(0, 8)}.tmp`;
  const file = openSync(temporary, "wx", 0o600);
  try {
    try {
      writeWhole(file, text);
      if (options.owner) keepOwner(file, options.owner);
      fchmodSync(file, options.mode ?? 0o600);
      if (options.durable ?? true) fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Makes a folder that only its owner can open; one that is there and open to others is closed to them. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o700);
}

/** The folder that a file lies in, made when it is not there. */
export function makeFolderFor(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
}

/** A write takes milliseconds: what is older than this belongs to a process that was killed. */
const abandonedMilliseconds = 60_000;

/** The end of a name that `replaceFile` makes, and nobody else. */
const temporaryName = /\.\d+\.[0-9a-f]{8}\.tmp$/;

/** What a killed process has left in the folder may hold a secret: whoever comes next clears it away. */
function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder).filter((name) => temporaryName.test(name))) {
    const modified = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (Date.now() - modified > abandonedMilliseconds) rmSync(join(folder, name), { force: true });
  }
}

function writeWhole(file: number, text: string): void {
  let rest: Uint8Array = Buffer.from(text);
  while (rest.length > 0) rest = rest.subarray(writeSync(file, rest));
}

/** Root edits a user's file under sudo: it stays the user's. Anybody else cannot give files away, and need not. */
function keepOwner(file: number, { uid, gid }: { uid: number; gid: number }): void {
  try {
    fchownSync(file, uid, gid);
  } catch {}
}
