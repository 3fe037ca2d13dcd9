import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { readTar, tarEnd, tarHeader, tarPadding } from "../../src/operations/tar.ts";

const files = fc.array(
  fc.record({ name: fc.stringMatching(/^[a-z0-9/.]{1,60}$/), bytes: fc.uint8Array({ maxLength: 2000 }) }),
  { maxLength: 6 },
);

function archiveOf(entries: readonly { name: string; bytes: Uint8Array }[]): Buffer {
  const blocks = entries.flatMap(({ name, bytes }) => [
    tarHeader(name, bytes.byteLength, 1_790_000_000),
    bytes,
    tarPadding(bytes.byteLength),
  ]);
  return Buffer.concat([...blocks, tarEnd]);
}

async function* inPieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += length) yield bytes.subarray(at, at + length);
}

async function contentsOf(archive: AsyncIterable<Uint8Array>, skip: (index: number) => boolean = () => false) {
  const read: { name: string; bytes: Uint8Array }[] = [];
  let index = 0;
  for await (const entry of readTar(archive)) {
    const pieces: Uint8Array[] = [];
    if (!skip(index++)) for await (const piece of entry.bytes()) pieces.push(piece);
    read.push({ name: entry.name, bytes: new Uint8Array(Buffer.concat(pieces)) });
  }
  return read;
}

describe("an archive", () => {
  test("comes back as it was written, in pieces of any length", async () => {
    const property = fc.asyncProperty(files, fc.integer({ min: 1, max: 3000 }), async (entries, length) => {
      expect(await contentsOf(inPieces(archiveOf(entries), length))).toEqual(entries);
    });
    await fc.assert(property, { numRuns: 100, seed: 1 });
  });

  test("goes on after a file whose bytes nobody read", async () => {
    const entries = ["one", "two"].map((name) => ({ name, bytes: new Uint8Array(700).fill(7) }));
    const read = await contentsOf(inPieces(archiveOf(entries), 100), (index) => index === 0);
    expect(read[1]).toEqual(entries[1] as never);
  });

  test("is what tar reads", async () => {
    const folder = mkdtempSync(join(tmpdir(), "waybill-tar-"));
    const archive = archiveOf([{ name: "objects/one", bytes: Buffer.from("hello") }]);
    await Bun.write(join(folder, "a.tar"), archive);
    expect(Bun.spawnSync(["tar", "-xf", "a.tar"], { cwd: folder }).exitCode).toBe(0);
    expect(readFileSync(join(folder, "objects/one"), "utf8")).toBe("hello");
    rmSync(folder, { recursive: true });
  });

  test("knows sizes of more than 8 GiB", async () => {
    const size = 10_000_000_000_000;
    const entries = readTar(inPieces(Buffer.concat([tarHeader("large", size, 0), Buffer.alloc(10)]), 512));
    const { value } = await entries.next();
    expect(value?.size).toBe(size);
  });

  test.each([1, 511, 700, 1400])("that ends after %i bytes is refused", async (length) => {
    const whole = archiveOf([{ name: "one", bytes: new Uint8Array(700) }]);
    await expect(contentsOf(inPieces(whole.subarray(0, length), 512))).rejects.toThrow("ends too early");
  });

  test("whose header is damaged, or that is none, is refused", async () => {
    const damaged = archiveOf([{ name: "one", bytes: new Uint8Array(3) }]);
    damaged[0] = 0x7a;
    for (const bytes of [damaged, Buffer.alloc(2000, 0x20)]) {
      await expect(contentsOf(inPieces(bytes, 512))).rejects.toThrow("not a tar archive");
    }
  });
});
