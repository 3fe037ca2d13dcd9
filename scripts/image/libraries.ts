import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArchiveFile } from "../release/archive.ts";

/** What the program is linked with, and what the C library loads to look up names. */
const names =
  /^(?:libc\.so\.6|libm\.so\.6|libdl\.so\.2|libpthread\.so\.0|librt\.so\.1|libresolv\.so\.2|libnss_(?:dns|files)\.so\.2)$/;
/** Where programs say that their loader lies. */
const places = {
  amd64: { folder: "lib/x86_64-linux-gnu", file: "ld-linux-x86-64.so.2", loader: "lib64/ld-linux-x86-64.so.2" },
  arm64: { folder: "lib/aarch64-linux-gnu", file: "ld-linux-aarch64.so.1", loader: "lib/ld-linux-aarch64.so.1" },
};

/**
 * The C library that the program needs, and nothing else of a distribution: no shell, no package manager.
 *
 * @param debianPackage the path of Debian's libc6 for that architecture, as `apt-get download libc6` gives it
 */
export function librariesOf(debianPackage: string, architecture: "amd64" | "arm64"): ArchiveFile[] {
  const { folder, file, loader } = places[architecture];
  const unpacked = mkdtempSync(join(tmpdir(), "waybill-libc-"));
  try {
    execFileSync("dpkg-deb", ["--extract", debianPackage, unpacked]);
    const read = (path: string) => readFileSync(realpathSync(join(unpacked, path)));
    return [
      ...readdirSync(join(unpacked, folder))
        .filter((name) => names.test(name))
        .map((name) => ({ path: `${folder}/${name}`, bytes: read(`${folder}/${name}`), mode: 0o755 })),
      { path: loader, bytes: read(`${folder}/${file}`), mode: 0o755 },
      { path: "usr/share/doc/libc6/copyright", bytes: read("usr/share/doc/libc6/copyright") },
    ];
  } finally {
    rmSync(unpacked, { recursive: true });
  }
}
