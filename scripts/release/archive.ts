import { gzipSync } from "node:zlib";

/** One entry of an archive. Folders are made of the paths of files, and need no entry of their own. */
export interface ArchiveFile {
  /** `usr/bin/waybill`, without a slash at the front. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** 0o644 where absent. */
  readonly mode?: number;
  /** The number of its user and group; 0, which is root, where absent. */
  readonly owner?: number;
  /** Makes it a symbolic link to this path. */
  readonly link?: string;
}

const blockBytes = 512;
const nameBytesMax = 100;

/**
 * A tar archive in the format of POSIX.1-1988 (ustar). The same files and time give the same bytes: entries in the order of
 * their paths, owned by root, all changed at that time.
 *
 * @throws where a path is longer than the format's name and prefix
 */
export function tarOf(files: readonly ArchiveFile[], changed: Date, { folders = false, prefix = "" } = {}): Buffer {
  const sorted = [...files, ...(folders ? foldersOf(files) : [])].sort((a, b) => (a.path < b.path ? -1 : 1));
  const parts = sorted.flatMap((file) => {
    const isFolder = file.path === "" || file.path.endsWith("/");
    const size = file.link === undefined ? file.bytes.byteLength : 0;
    const type = isFolder ? "5" : file.link === undefined ? "0" : "2";
    const header = headerOf(
      `${prefix}${file.path}`,
      file.mode ?? (isFolder ? 0o755 : 0o644),
      size,
      type,
      file.link,
      changed,
      file.owner,
    );
    return [header, ...(size > 0 ? [file.bytes, Buffer.alloc(paddingOf(size))] : [])];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}

/** gzip as `gzip -n` writes it: without a name or a time, and the same on every system. */
export function gzipOf(bytes: Uint8Array, level = 6): Buffer {
  const packed = gzipSync(bytes, { level });
  packed.fill(0, 4, 8); // MTIME
  packed[9] = 255; // OS: unknown (RFC 1952 section 2.3.1)
  return packed;
}

function foldersOf(files: readonly ArchiveFile[]): ArchiveFile[] {
  const folders = new Set<string>([""]);
  for (const { path } of files)
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) folders.add(path.slice(0, at + 1));
  return [...folders]
    .filter((path) => !files.some((file) => file.path === path))
    .map((path) => ({ path, bytes: new Uint8Array() }));
}

function headerOf(
  path: string,
  mode: number,
  size: number,
  type: string,
  link: string | undefined,
  changed: Date,
  owner = 0,
): Buffer {
  const { name, prefix } = splitPath(path);
  const header = Buffer.alloc(blockBytes);
  header.write(name, 0);
  header.write(`${octal(mode, 7)}\0`, 100);
  header.write(`${octal(owner, 7)}\0`, 108);
  header.write(`${octal(owner, 7)}\0`, 116);
  header.write(`${octal(size, 11)}\0`, 124);
  header.write(`${octal(Math.floor(changed.getTime() / 1000), 11)}\0`, 136);
  header.write("        ", 148);
  header.write(type, 156);
  header.write(link ?? "", 157, nameBytesMax);
  header.write(`ustar\x0000${owner === 0 ? "root" : ""}`, 257);
  header.write(owner === 0 ? "root" : "", 297);
  header.write(prefix, 345);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}

/** ustar has a hundred bytes for a name, and 155 for the folders before it. */
function splitPath(path: string): { name: string; prefix: string } {
  if (Buffer.byteLength(path) <= nameBytesMax) return { name: path, prefix: "" };
  const at = path.indexOf("/", path.length - nameBytesMax - 1);
  if (at < 0 || at > 155) throw new Error(`${path} is too long for a tar archive`);
  return { name: path.slice(at + 1), prefix: path.slice(0, at) };
}

function paddingOf(size: number): number {
  return (blockBytes - (size % blockBytes)) % blockBytes;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
