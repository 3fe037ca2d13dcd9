/** A tar archive in memory (POSIX ustar): enough to write layers and docker archives without any tool on the machine. */

export interface TarEntry {
  readonly name: string;
  readonly content: Uint8Array;
  readonly mode?: number;
}

const BLOCK_BYTES = 512;

/** The archive of these files. Time and owner are zero, so that equal files give equal bytes. */
export function tar(entries: readonly TarEntry[]): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (const entry of entries) blocks.push(header(entry), padded(entry.content));
  blocks.push(new Uint8Array(2 * BLOCK_BYTES)); // end of archive
  return Buffer.concat(blocks);
}

function header({ name, content, mode = 0o644 }: TarEntry): Uint8Array {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(name, 0, 100);
  block.write(octal(mode, 7), 100);
  block.write(octal(0, 7), 108); // owner
  block.write(octal(0, 7), 116); // group
  block.write(octal(content.length, 11), 124);
  block.write(octal(0, 11), 136); // time
  block.write("        ", 148); // the checksum counts its own field as spaces
  block.write("0", 156); // a regular file
  block.write("ustar\u000000", 257);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  block.write(`${octal(checksum, 6)}\0 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}

function padded(content: Uint8Array): Uint8Array {
  const block = Buffer.alloc(Math.ceil(content.length / BLOCK_BYTES) * BLOCK_BYTES);
  block.set(content);
  return block;
}
