import { expect, test } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { S3PartBuffer } from "../../../src/storage/blobs/s3-part-buffer.ts";

const mebibyte = 1024 * 1024;

test("what waits for its part is held in memory up to a limit for all, waits on the disk beyond it, and comes out the same", async () => {
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  const buffers = Array.from({ length: 60 }, () => new S3PartBuffer());
  for (let time = 0; time < 7 * 8; time++) {
    // What counts is what the buffers hold, not the pieces that were handed to them.
    if (time % 8 === 0) Bun.gc(true);
    for (const [index, buffer] of buffers.entries()) {
      await buffer.add(Buffer.alloc(mebibyte / 8, `${index} ${time} `), 8 * mebibyte);
    }
  }
  expect(process.memoryUsage.rss() - before).toBeLessThan(250 * mebibyte);
  expect(filesInUse()).toBeGreaterThan(50);
  expect(filesInUse()).toBeLessThan(60);
  for (const [index, buffer] of buffers.entries()) {
    expect(buffer.size).toBe(7 * mebibyte);
    const pieces = Array.from({ length: 7 * 8 }, (_, time) => Buffer.alloc(mebibyte / 8, `${index} ${time} `));
    await buffer.drain(async (bytes) => expect(Buffer.compare(bytes, Buffer.concat(pieces))).toBe(0));
    expect(buffer.size).toBe(0);
  }
  expect(filesInUse()).toBe(0);
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith("waybill-part-"))).toEqual([]);
});

/** Temporary files that this process holds open, whose names are gone. */
function filesInUse(): number {
  const links = readdirSync("/proc/self/fd").map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`);
    } catch {
      return ""; // The folder's own, which is closed by now.
    }
  });
  return links.filter((link) => link.includes("waybill-part-")).length;
}

test("an emptied buffer gives its memory back, also where the work with it failed", async () => {
  for (let time = 0; time < 40; time++) {
    const buffer = new S3PartBuffer();
    await buffer.add(new Uint8Array(8 * mebibyte), 8 * mebibyte);
    let lent: Uint8Array | undefined;
    const draining = buffer.drain(async (bytes) => {
      lent = bytes;
      throw new Error("the store is away");
    });
    expect(filesInUse()).toBe(0);
    expect(draining).rejects.toThrow("away");
    await draining.catch(() => {});
    expect(lent?.byteLength).toBe(0);
    await buffer.drop();
  }
});
