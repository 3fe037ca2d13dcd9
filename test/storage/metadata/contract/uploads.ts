import { expect, test } from "bun:test";
import {
  beatUploadTurn,
  endUploadTurn,
  findUploadTurn,
  moveUpload,
  takeUploadTurn,
} from "../../../../src/storage/metadata/upload-turns.ts";
import {
  advanceUpload,
  deleteUpload,
  findUpload,
  insertUpload,
  listExpiredUploads,
  type UploadRow,
} from "../../../../src/storage/metadata/uploads.ts";
import type { Suite } from "../databases.ts";
import { addProject, now, uploadRow } from "../fixtures.ts";

export function uploads(suite: Suite): void {
  async function addUpload(change: Partial<UploadRow> = {}): Promise<UploadRow> {
    const upload = uploadRow((await addProject(suite.metadata)).id, change);
    await suite.metadata.write((write) => insertUpload(write, upload));
    return upload;
  }

  test("an upload comes back as it was put in", async () => {
    const upload = await addUpload({ size: 9_007_199_254_740_991 });
    expect(await findUpload(suite.metadata.read, upload.id)).toEqual(upload);
    expect(await findUpload(suite.metadata.read, "absent")).toBeUndefined();
  });

  test("two uploads never write the same object", async () => {
    const upload = await addUpload();
    await expect(addUpload({ objectKey: upload.objectKey })).rejects.toThrow(/unique/i);
  });

  test("one has the turn of an upload, and whoever lost it changes nothing any more", async () => {
    const { id } = await addUpload();
    const { metadata } = suite;
    const take = (turn: string, before: string) => metadata.write((write) => takeUploadTurn(write, id, turn, before));
    expect(await take("a", "")).toBe(true);
    expect(await take("b", "")).toBe(false);
    await metadata.write((write) => beatUploadTurn(write, id, "a"));
    await metadata.write((write) => beatUploadTurn(write, id, "b"));
    expect(await findUploadTurn(metadata.read, id)).toEqual({ turn: "a", beat: 1 });
    expect(await take("b", "a")).toBe(true);
    expect(await metadata.write((write) => advanceUpload(write, id, 0, 5, now, "a"))).toBe(false);
    expect(await metadata.write((write) => moveUpload(write, id, "a", "elsewhere"))).toBe(false);
    expect(await metadata.write((write) => deleteUpload(write, id, "a"))).toBe(false);
    await metadata.write((write) => endUploadTurn(write, id, "a"));
    expect(await findUploadTurn(metadata.read, id)).toEqual({ turn: "b", beat: 0 });
    expect(await metadata.write((write) => moveUpload(write, id, "b", `moved ${id}`))).toBe(true);
    expect((await findUpload(metadata.read, id))?.objectKey).toBe(`moved ${id}`);
    await metadata.write((write) => endUploadTurn(write, id, "b"));
    expect(await findUploadTurn(metadata.read, id)).toEqual({ turn: "", beat: 0 });
    expect(await metadata.write((write) => deleteUpload(write, id, ""))).toBe(true);
  });

  test("advanceUpload moves on from where the caller thought it was, and from nowhere else", async () => {
    const upload = await addUpload();
    const advance = (id: string, from: number, to: number) =>
      suite.metadata.write((write) => advanceUpload(write, id, from, to, now + 60));
    expect(await advance(upload.id, 0, 5_000_000_000)).toBe(true);
    expect(await advance(upload.id, 0, 7)).toBe(false);
    expect(await advance("absent", 0, 7)).toBe(false);
    expect(await findUpload(suite.metadata.read, upload.id)).toEqual({
      ...upload,
      size: 5_000_000_000,
      expiresAt: now + 60,
    });
    expect(await advance(upload.id, 5_000_000_000, 5_000_000_001)).toBe(true);
  });

  test("of a hundred who advance an upload from the same place one succeeds", async () => {
    const upload = await addUpload();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        suite.metadata.write((write) => advanceUpload(write, upload.id, 0, index + 1, now)),
      ),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect((await findUpload(suite.metadata.read, upload.id))?.size).toBe(answers.indexOf(true) + 1);
  }, 30_000);

  test("of a hundred who end an upload one is told so", async () => {
    const upload = await addUpload();
    const answers = await Promise.all(
      Array.from({ length: 100 }, () => suite.metadata.write((write) => deleteUpload(write, upload.id))),
    );
    expect(answers.filter(Boolean)).toHaveLength(1);
    expect(await findUpload(suite.metadata.read, upload.id)).toBeUndefined();
    expect(await suite.metadata.write((write) => advanceUpload(write, upload.id, 0, 1, now))).toBe(false);
  }, 30_000);

  test("listExpiredUploads answers those whose time has come, the longest expired first", async () => {
    const early = now - 1_000_000;
    const made: Record<number, UploadRow> = {};
    for (const age of [2, 4, 3, 1]) made[age] = await addUpload({ expiresAt: early - age });
    expect(await listExpiredUploads(suite.metadata.read, early - 2, 10)).toEqual([
      made[4] as UploadRow,
      made[3] as UploadRow,
      made[2] as UploadRow,
    ]);
    expect(await listExpiredUploads(suite.metadata.read, early, 1)).toEqual([made[4] as UploadRow]);
    expect(await listExpiredUploads(suite.metadata.read, early - 5, 10)).toEqual([]);
  });
}
