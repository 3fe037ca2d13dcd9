import { expect, test } from "bun:test";
import { digestOf } from "../../src/registry/digest.ts";
import { beginOnThread } from "../../src/registry/hash-thread.ts";
import { RunningHashes } from "../../src/registry/running-hashes.ts";

test("RunningHashes hashes what came in pieces, small and large, without reading it again", async () => {
  for (const sizes of [[], [1], [10, 70_000], [65_536], [65_537, 1, 3_000_000], Array(100).fill(128 * 1024)]) {
    const hashes = new RunningHashes();
    hashes.begin("a", "sha256");
    const pieces = sizes.map((size: number) => crypto.getRandomValues(Buffer.alloc(Math.min(size, 65_536), size)));
    const whole = Buffer.concat(pieces);
    let size = 0;
    for (const piece of pieces) {
      const { byteLength } = piece;
      await hashes.update("a", size, [new Uint8Array(piece)]);
      size += byteLength;
    }
    expect(await hashes.finish("a", size, "sha256")).toBe(digestOf(whole));
  }
});

test("RunningHashes leaves alone the memory around a piece", async () => {
  const hashes = new RunningHashes();
  hashes.begin("a", "sha512");
  const memory = new Uint8Array(300_000).fill(7);
  await hashes.update("a", 0, [memory.subarray(100_000, 200_000)]);
  expect(memory.byteLength).toBe(300_000);
  const expected = digestOf(memory.subarray(100_000, 200_000), "sha512");
  expect(await hashes.finish("a", 100_000, "sha512")).toBe(expected);
});

test("RunningHashes has no digest of what it did not see from the beginning, or hashed otherwise", async () => {
  const bytes = new Uint8Array(200_000).fill(1);
  const hashes = new RunningHashes();
  expect(await hashes.finish("unknown", bytes.byteLength, "sha256")).toBeUndefined();
  hashes.begin("gap", "sha256");
  await hashes.update("gap", 5, [new Uint8Array(100_000)]);
  expect(await hashes.finish("gap", bytes.byteLength, "sha256")).toBeUndefined();
  hashes.begin("other", "sha256");
  await hashes.update("other", 0, [bytes.slice()]);
  expect(await hashes.finish("other", bytes.byteLength, "sha512")).toBeUndefined();
});

test("hashes that grow side by side on the thread do not mix, and a forgotten one is gone", async () => {
  const hashes = [1, 2, 3].map((value) => ({ value, hash: beginOnThread("sha256") }));
  for (let time = 0; time < 20; time++) {
    await Promise.all(hashes.map(({ value, hash }) => hash.update([new Uint8Array(100_000).fill(value)])));
  }
  hashes[2]?.hash.forget();
  for (const { value, hash } of hashes.slice(0, 2)) {
    const expected = digestOf(new Uint8Array(2_000_000).fill(value)).slice("sha256:".length);
    expect(await hash.finish()).toBe(expected);
  }
});

test("a hash that is forgotten keeps nobody waiting, and many at once get their digests", async () => {
  const piece = () => new Uint8Array(1024 * 1024).fill(5);
  const forgotten = beginOnThread("sha256");
  const update = forgotten.update(Array.from({ length: 8 }, piece));
  forgotten.forget();
  await update;
  expect(await forgotten.finish()).toBeUndefined();
  const expected = digestOf(Buffer.concat([piece(), piece(), piece()])).slice("sha256:".length);
  const hashes = Array.from({ length: 32 }, () => beginOnThread("sha256"));
  const digests = hashes.map(async (hash) => {
    for (let time = 0; time < 3; time++) await hash.update([piece()]);
    return await hash.finish();
  });
  expect(new Set(await Promise.all(digests))).toEqual(new Set([expected]));
});
