import { constants } from "node:fs";
import { open, readdir, realpath } from "node:fs/promises";
import { join } from "node:path";
import { Failure } from "../../sources/failure.ts";

/** More entries in one folder are nobody's registry. */
const entriesMax = 1_000_000;

/**
 * A folder that somebody else has written, read as what it may be: an attack. Nothing outside of it is read, whatever links
 * and names it holds, and nothing that is not an ordinary file.
 */
export class SafeFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Throws Failure where there is no such folder. */
  static async open(path: string): Promise<SafeFolder> {
    const real = await realpath(path).catch(() => {
      throw new Failure(`there is no folder ${path}`);
    });
    return new SafeFolder(real);
  }

  /** The names in a folder below this one, sorted; undefined where there is none. */
  async list(...parts: readonly string[]): Promise<{ name: string; isFolder: boolean }[] | undefined> {
    const path = await this.#checked(parts);
    if (path === undefined) return undefined;
    const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
    if (entries === undefined) return undefined;
    if (entries.length > entriesMax) throw new Failure(`${path} has more than ${entriesMax} entries`);
    const found = entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
    return found.sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  /** A file of at most so many bytes; undefined where there is none. Throws Failure for a larger one. */
  async read(bytesMax: number, ...parts: readonly string[]): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const file = await this.#openFile(parts);
    if (!file) return undefined;
    try {
      const { size } = await file.stat();
      if (size > bytesMax) throw new Failure(`${join(...parts)} has more than ${bytesMax} bytes`);
      // What the file has now, should it grow meanwhile.
      const bytes = new Uint8Array(size);
      let filled = 0;
      for (let count = -1; count !== 0 && filled < size; filled += count) {
        count = (await file.read(bytes, filled, size - filled, filled)).bytesRead;
      }
      return bytes.subarray(0, filled);
    } finally {
      await file.close();
    }
  }

  /** A file's bytes from `start` on, as they are read, and how many there are; undefined where there is none. */
  async stream(start: number, ...parts: readonly string[]) {
    const file = await this.#openFile(parts);
    if (!file) return undefined;
    const { size } = await file.stat();
    return { size, bytes: pieces(file, start) };
  }

  async #openFile(parts: readonly string[]) {
    const path = await this.#checked(parts);
    if (path === undefined) return undefined;
    // A pipe would keep us waiting; a link that took the file's place meanwhile is not followed.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const file = await open(path, flags).catch(() => undefined);
    if (!file) return undefined;
    if ((await file.stat()).isFile()) return file;
    await file.close();
    throw new Failure(`${path} is not an ordinary file`);
  }

  /** The path, where no link leads to it. */
  async #checked(parts: readonly string[]): Promise<string | undefined> {
    if (parts.some((part) => part === "" || part === "." || part === ".." || /[/\\\0]/.test(part))) return undefined;
    const path = join(this.path, ...parts);
    const real = await realpath(path).catch(() => undefined);
    if (real === undefined || real === path) return real;
    throw new Failure(
      `${path} is reached through a symbolic link`,
      "a registry's own folder has none: look who made it",
    );
  }
}

const pieceBytes = 1024 * 1024;

async function* pieces(file: Awaited<ReturnType<typeof open>>, start: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    for (let at = start; ; ) {
      const { bytesRead, buffer } = await file.read(new Uint8Array(pieceBytes), 0, pieceBytes, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
