import { accessSync, constants, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFilesystemBlobs } from "./storage/blobs/filesystem.ts";

/** Where a throw-away registry lies. Each is open to this user only. */
export interface Folders {
  /** For everything but the bytes of images: in memory where the system has such a folder, so that nothing waits for a disk. */
  readonly memory: string;
  /** For the bytes of images, which may be too many for the memory. */
  readonly objects: string;
  remove(): Promise<void>;
}

const prefix = `waybill-registry-${process.pid}-`;
const staleMilliseconds = 24 * 3600 * 1000;
for (const parent of new Set([memoryFolder(), tmpdir()])) removeStale(parent);

/** What a test suite that ends early leaves behind. */
const left = new Set<string>();
process.once("exit", () => {
  for (const folder of left) rmSync(folder, { recursive: true, force: true });
});

/** The 256 folders of a store take a disk longer than all the rest of a start, so one store is made ahead. */
let ahead: Promise<Folders> = make();
ahead.catch(() => {});

/** Folders of its own for a registry. What is not removed when the process ends is removed then. */
export async function takeFolders(): Promise<Folders> {
  const folders = await ahead;
  ahead = make();
  ahead.catch(() => {}); // Told to whoever takes them.
  return folders;
}

async function make(): Promise<Folders> {
  const memory = mkdtempSync(join(memoryFolder(), prefix));
  const disk = mkdtempSync(join(tmpdir(), prefix));
  left.add(memory).add(disk);
  const objects = join(disk, "objects");
  await mkdir(objects);
  await openFilesystemBlobs(objects);
  return {
    memory,
    objects,
    async remove() {
      await Promise.all([memory, disk].map((folder) => rm(folder, { recursive: true, force: true })));
      for (const folder of [memory, disk]) left.delete(folder);
    },
  };
}

/** A folder that lies in memory, where the system has one that this user may write to. */
function memoryFolder(): string {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}

/** `bun test` says nothing before it ends, so the folders made ahead stay, empty. A later process removes them, a day after. */
function removeStale(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, pid] = /^waybill-registry-([0-9]+)-/.exec(name) ?? [];
    const path = join(parent, name);
    const modifiedAt = pid === undefined ? undefined : statSync(path, { throwIfNoEntry: false })?.mtimeMs;
    if (modifiedAt === undefined || Date.now() - modifiedAt < staleMilliseconds || isAlive(Number(pid))) continue;
    rm(path, { recursive: true, force: true }).catch(() => {}); // Another user's, perhaps.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as { code?: string }).code !== "ESRCH";
  }
}
