/** Disks that can be filled up and that can fail: a file with a file system in it, or a piece of memory. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface SmallDisk {
  /** Where it is mounted. */
  readonly path: string;
  /** Takes room away until `giveBack`, or as much of it as there is. */
  fill(bytes: number): void;
  giveBack(): void;
  /** Fails as a broken disk does: nothing can be written any more. Only for a file system in a file. */
  failWrites(): void;
  /** What is found after a power cut at this moment: what the kernel had written, and nothing else. Only for a file system in a file. */
  cut(): CutDisk;
  /** Mounts it anew, whole again. */
  repair(): void;
  remove(): void;
}

/** A disk as it was at one moment, mounted beside the other. */
export interface CutDisk {
  readonly path: string;
  remove(): void;
}

export type Kind = "ext4" | "tmpfs";

/** Why there are none here, in the words of a skipped test. */
export function smallDisksMissing(): string | undefined {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "skipped: needs root on Linux";
  if (!Bun.which("mkfs.ext4")) return "skipped: needs mkfs.ext4";
  try {
    makeSmallDisk("ext4", 8).remove();
    return undefined;
  } catch {
    return "skipped: needs mounts";
  }
}

export function makeSmallDisk(kind: Kind, mebibytes: number): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), "waybill-disk-"));
  const [image, path] = [join(folder, "image"), join(folder, "mounted")];
  const ballast = join(path, "ballast");
  mkdirSync(path);
  const mount = () =>
    kind === "tmpfs"
      ? run("mount", "-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", path)
      : // The kernel is to write nothing by itself that nobody asked it to sync, for as long as a test takes.
        run("mount", "-o", "loop,commit=300", image, path);
  if (kind === "ext4") {
    run("truncate", "-s", `${mebibytes}m`, image);
    // No room is kept back for root, whom these tests run as.
    run("mkfs.ext4", "-q", "-m", "0", image);
  }
  mount();
  return {
    path,
    fill: (bytes) => writeFileSync(ballast, Buffer.alloc(bytes, 1)),
    giveBack: () => rmSync(ballast),
    failWrites: () => run("mount", "-o", "remount,abort", path),
    cut() {
      const [copy, after] = [join(folder, "cut"), join(folder, "after")];
      copyAtRest(image, path, copy);
      mkdirSync(after, { recursive: true });
      run("mount", "-o", "loop", copy, after);
      return { path: after, remove: () => run("umount", after) };
    },
    repair() {
      run("umount", path);
      mount();
    },
    remove() {
      run("umount", path);
      rmSync(folder, { recursive: true });
    },
  };
}

/** Copies a disk's bytes while nothing is on its way to it. Whoever writes to it must stand still. */
function copyAtRest(image: string, path: string, copy: string): void {
  const device = output("findmnt", "-n", "-o", "SOURCE", path).replace("/dev/", "");
  const stateOf = (name: string) => readFileSync(`/sys/block/${device}/${name}`, "utf8").trim();
  const attemptsMax = 50;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const before = stateOf("stat");
    const isAtRest = stateOf("inflight")
      .split(/\s+/)
      .every((count) => count === "0");
    if (isAtRest) run("cp", "--sparse=always", image, copy);
    if (isAtRest && stateOf("stat") === before) return;
    Bun.sleepSync(20);
  }
  throw new Error("the disk does not come to rest");
}

function output(command: string, ...argv: string[]): string {
  return spawnSync(command, argv, { encoding: "utf8" }).stdout.trim();
}

function run(command: string, ...argv: string[]): void {
  const { status, stderr } = spawnSync(command, argv, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${argv.join(" ")}: ${stderr}`);
}
