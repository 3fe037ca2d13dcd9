import { describe, expect, test } from "bun:test";
import { chownSync, existsSync, readdirSync, statSync, utimesSync } from "node:fs";
import { editFile, readTextFile } from "../../src/docker-config/edit-file.ts";
import { Home } from "../helper/home.ts";

describe("editFile", () => {
  test("makes a file where there is none, and removes it when it shall go", async () => {
    using home = new Home();
    const path = home.path("folder/file");
    await editFile(path, (text) => `${text}`, { mode: 0o640 });
    expect([readTextFile(path), home.mode("folder/file")]).toEqual(["undefined", "640"]);
    await editFile(path, () => undefined);
    expect(existsSync(path)).toBe(false);
    await editFile(path, () => undefined);
    expect(readdirSync(home.path("folder"))).toEqual([]);
  });

  test("waits for the edit, and makes them one after the other", async () => {
    using home = new Home();
    const path = home.write("file", "");
    const append = async (text = "") => {
      await Bun.sleep(2);
      return `${text}x`;
    };
    await Promise.all(Array.from({ length: 10 }, () => editFile(path, append)));
    expect(home.read("file")).toBe("x".repeat(10));
  });

  test("makes the edit again when another program, which takes no lock, was quicker", async () => {
    using home = new Home();
    const path = home.write("file", "a");
    let attempts = 0;
    await editFile(path, (text) => {
      if (attempts++ === 0) home.write("file", "somebody else's");
      return `${text}!`;
    });
    expect([home.read("file"), attempts]).toEqual(["somebody else's!", 2]);
  });

  test("gives up when the other program does not", async () => {
    using home = new Home();
    const path = home.write("file", "");
    const attempt = editFile(path, (text) => {
      home.write("file", `${text}x`);
      return "ours";
    });
    expect(attempt).rejects.toThrow(/is being changed by another program/);
    await attempt.catch(() => {});
    expect(readdirSync(home.folder)).toEqual(["file"]);
  });

  test("leaves the file when the edit throws", async () => {
    using home = new Home();
    const path = home.write("file", "before");
    const edit = () => Promise.reject(new Error("no"));
    expect(editFile(path, edit)).rejects.toThrow("no");
    await editFile(path, edit).catch(() => {});
    expect(home.read("file")).toBe("before");
    expect(readdirSync(home.folder)).toEqual(["file"]);
  });

  test.skipIf(process.getuid?.() !== 0)("leaves the file to its owner", async () => {
    using home = new Home();
    const path = home.write("file", "a");
    chownSync(path, 1234, 5678);
    await editFile(path, () => "b");
    const { uid, gid } = statSync(path);
    expect([uid, gid]).toEqual([1234, 5678]);
  });

  test("clears away what a killed process has left long ago, and nothing else", async () => {
    using home = new Home();
    const path = home.write("file", "a");
    const old = home.write("file.123.0a1b2c3d.tmp", "a secret");
    const [fresh, others] = [home.write("file.124.0a1b2c3d.tmp", ""), home.write("file.0a1b2c3d.tmp", "")];
    const longAgo = Date.now() / 1000 - 3600;
    for (const name of [old, others]) utimesSync(name, longAgo, longAgo);
    await editFile(path, () => "b");
    expect([old, fresh, others].map(existsSync)).toEqual([false, true, true]);
  });
});
