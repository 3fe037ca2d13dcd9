/**
 * As much of the tar format as a backup needs: regular files with short names, one after the other
 * (POSIX.1-1988 ustar; sizes of 8 GiB and more in GNU's base-256 form).
 */
const blockBytes = 512;
const octalSizeMax = 0o77777777777;

/** The block before a file's bytes. */
export function tarHeader(name: string, size: number, modifiedSeconds: number): Uint8Array {
  const header = Buffer.alloc(blockBytes);
  header.write(name, 0, 100);
  header.write("0000600\0", 100);
  header.write("0000000\0", 108);
  header.write("0000000\0", 116);
  writeSize(header, size);
  header.write(`${octal(modifiedSeconds, 11)}\0`, 136);
  header.write("        ", 148);
  header.write("0", 156);
  header.write("ustar\x0000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}

/** The zeros after a file's bytes. */
export function tarPadding(size: number): Uint8Array {
  return Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);
}

export const tarEnd: Uint8Array = Buffer.alloc(2 * blockBytes);

/** One file of an archive; its bytes must be read before the next file is asked for. */
export interface TarEntry {
  readonly name: string;
  readonly size: number;
  bytes(): AsyncIterable<Uint8Array>;
}

/** Reads an archive from front to back. Throws for what is none, and where it ends too early. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const reader = new BlockReader(source);
  for (;;) {
    const header = Buffer.from(await reader.whole(blockBytes));
    if (header.every((byte) => byte === 0)) return;
    const entry = parseHeader(header);
    let left = entry.size;
    yield {
      ...entry,
      async *bytes() {
        for (; left > 0; ) {
          const piece = await reader.some(left);
          left -= piece.byteLength;
          yield piece;
        }
      },
    };
    for (; left > 0; ) left -= (await reader.some(left)).byteLength;
    await reader.whole(tarPadding(entry.size).byteLength);
  }
}

function parseHeader(header: Buffer): { name: string; size: number } {
  const stored = Number.parseInt(header.toString("latin1", 148, 156), 8);
  const sum = header.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 0x20 : byte), 0);
  if (stored !== sum) throw new Error("this is not a tar archive, or it is damaged");
  const name = header.toString("latin1", 0, 100).replace(/\0.*$/s, "");
  const isBase256 = ((header[124] ?? 0) & 0x80) !== 0;
  const size = isBase256
    ? Number(header.readBigUInt64BE(128))
    : Number.parseInt(header.toString("latin1", 124, 136), 8);
  return { name, size };
}

function writeSize(header: Buffer, size: number): void {
  if (size <= octalSizeMax) {
    header.write(`${octal(size, 11)}\0`, 124);
    return;
  }
  header[124] = 0x80;
  header.writeBigUInt64BE(BigInt(size), 128);
}

function octal(value: number, digits: number): string {
  return Math.floor(value).toString(8).padStart(digits, "0");
}

/** Pieces of a stream, cut where the reader wants them. */
class BlockReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** At least one byte and at most so many. */
  async some(bytesMax: number): Promise<Uint8Array> {
    while (this.#rest.byteLength === 0) {
      const { value, done } = await this.#source.next();
      if (done) throw new Error("the archive ends too early: it was not written whole");
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, bytesMax);
    this.#rest = this.#rest.subarray(piece.byteLength);
    return piece;
  }

  async whole(bytes: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let left = bytes; left > 0; ) {
      const piece = await this.some(left);
      pieces.push(piece);
      left -= piece.byteLength;
    }
    return Buffer.concat(pieces);
  }
}
