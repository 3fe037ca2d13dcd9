import { expect, test } from "bun:test";
import { Inflow } from "../../src/registry/inflow.ts";

const megabyte = 1024 * 1024;
const pieceOf = (size: number, value: number) => new Uint8Array(size).fill(value);

/** A writer and a hash that keep what they were given, and go on only when they are let. */
function ends({ isOpen = true, failAfter = Number.POSITIVE_INFINITY } = {}) {
  const gate = Promise.withResolvers<void>();
  if (isOpen) gate.resolve();
  const [written, hashed, batches]: [number[], number[], number[]] = [[], [], []];
  let bytes = 0;
  return {
    written,
    hashed,
    batches,
    open: gate.resolve,
    writer: {
      async write(pieces: readonly Uint8Array[]) {
        await gate.promise;
        if (bytes >= failAfter) throw new Error("the disk is full");
        for (const piece of pieces) written.push(piece[0] as number);
        batches.push(pieces.reduce((sum, { byteLength }) => sum + byteLength, 0));
        bytes += batches.at(-1) as number;
      },
      close: async () => {},
    },
    hash: async (pieces: readonly Uint8Array[]) => {
      for (const piece of pieces) hashed.push(piece[0] as number);
    },
  };
}

/** Whether it is still waiting after everything that could go on has. */
async function isWaiting(work: Promise<unknown>): Promise<boolean> {
  const sign = Symbol("waiting");
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  return (await Promise.race([work, Promise.resolve(sign)])) === sign;
}

test("an upload's pieces are written and hashed in their order, small ones together", async () => {
  const { writer, hash, written, hashed, batches } = ends();
  const heard: number[] = [];
  const inflow = new Inflow(writer, hash, (bytes) => heard.push(bytes));
  const sizes = [1, 300_000, 5, megabyte + 1, 3 * megabyte, 10, 10, 10];
  for (const [index, size] of sizes.entries()) await inflow.take(pieceOf(size, index));
  await inflow.settled();
  inflow.requireWhole();
  expect(written).toEqual([...sizes.keys()]);
  expect(hashed).toEqual(written);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  expect(inflow.written).toBe(total);
  expect(heard.reduce((sum, bytes) => sum + bytes, 0)).toBe(total);
  expect(batches.length).toBeLessThan(sizes.length);
});

test("more is taken while a slow disk writes, up to a limit, and again when it has written", async () => {
  const { writer, hash, open, written } = ends({ isOpen: false });
  const inflow = new Inflow(writer, hash);
  let taken = 0;
  const taking = (async () => {
    for (; taken < 16; taken++) await inflow.take(pieceOf(megabyte / 2, taken));
  })();
  expect(await isWaiting(taking)).toBe(true);
  expect(taken).toBeGreaterThan(2);
  expect(taken).toBeLessThan(8);
  open();
  await taking;
  await inflow.settled();
  expect(written).toHaveLength(16);
});

test("many at once on a slow disk hold less each", async () => {
  const all = Array.from({ length: 64 }, () => {
    const end = ends({ isOpen: false });
    return { end, inflow: new Inflow(end.writer, end.hash), taken: 0 };
  });
  const taking = all.map(async (each) => {
    for (; each.taken < 16; each.taken++) await each.inflow.take(pieceOf(megabyte / 4, each.taken));
  });
  expect(await isWaiting(Promise.race(taking))).toBe(true);
  expect(all.reduce((sum, { taken }) => sum + taken, 0) / 4).toBeLessThan(64);
  for (const { end } of all) end.open();
  await Promise.all(taking);
  for (const { inflow, end } of all) {
    await inflow.settled();
    expect(end.written).toEqual([...Array(16).keys()]);
  }
});

test("what the disk refuses is thrown to the sender, and only what was written counts", async () => {
  const { writer, hash, hashed } = ends({ failAfter: 2 * megabyte });
  const inflow = new Inflow(writer, hash);
  const sending = (async () => {
    for (let piece = 0; piece < 100; piece++) await inflow.take(pieceOf(megabyte, piece));
  })();
  expect(sending).rejects.toThrow("the disk is full");
  await sending.catch(() => {});
  await inflow.settled();
  expect(() => inflow.requireWhole()).toThrow("the disk is full");
  expect(inflow.written).toBe(2 * megabyte);
  expect(hashed).toEqual([0, 1]);
});
