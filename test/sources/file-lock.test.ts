import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync, utimesSync } from "node:fs";
import { withFileLock } from "../../src/sources/file-lock.ts";
import { Home } from "../helper/home.ts";

describe("withFileLock", () => {
  test("lets one go at a time and leaves nothing", async () => {
    using home = new Home();
    let inside = 0;
    const work = async () => {
      expect(++inside).toBe(1);
      await Bun.sleep(1);
      inside--;
    };
    await Promise.all(Array.from({ length: 10 }, () => withFileLock(home.path("file"), work)));
    expect(existsSync(home.path("file.lock"))).toBe(false);
  });

  test("lets go when the work fails", async () => {
    using home = new Home();
    const failing = withFileLock(home.path("file"), () => Promise.reject(new Error("no")));
    expect(failing).rejects.toThrow("no");
    await failing.catch(() => {});
    expect(await withFileLock(home.path("file"), () => "done")).toBe("done");
  });

  test("takes over from a process that is gone", async () => {
    using home = new Home();
    const gone = Bun.spawn(["true"]);
    await gone.exited;
    home.write("file.lock", `${gone.pid} x\n`);
    expect(await withFileLock(home.path("file"), () => "done")).toBe("done");
  });

  test.skipIf(process.platform !== "linux")(
    "takes over from a process that ended and that nobody waits for",
    async () => {
      using home = new Home();
      // What the shell has become never asks what became of the shell's child.
      const parent = Bun.spawn(["sh", "-c", "sleep 60 & echo $!; exec sleep 60"], { stdout: "pipe" });
      const child = await firstLine(parent.stdout);
      while (readFileSync(`/proc/${parent.pid}/comm`, "utf8") !== "sleep\n") await Bun.sleep(5);
      process.kill(Number(child), "SIGKILL");
      while (!/\) Z/.test(readFileSync(`/proc/${child}/stat`, "utf8"))) await Bun.sleep(5);
      home.write("file.lock", `${child} x\n`);
      expect(await withFileLock(home.path("file"), () => "done")).toBe("done");
      parent.kill();
      await parent.exited;
    },
  );

  test("takes over a lock that is older than any edit lasts, and one that makes no sense", async () => {
    using home = new Home();
    for (const text of [`${process.pid} x\n`, ""]) {
      home.write("file.lock", text);
      utimesSync(home.path("file.lock"), new Date(0), new Date(0));
      expect(await withFileLock(home.path("file"), () => "done")).toBe("done");
    }
  });

  test("takes over a lock whose process was killed before it could name itself, and waits for one that is being made", async () => {
    using home = new Home();
    const started = performance.now(); // Before the file is there: from then on its second runs.
    home.write("file.lock", "");
    expect(await withFileLock(home.path("file"), () => "done")).toBe("done");
    expect(performance.now() - started).toBeGreaterThan(900);
    expect(existsSync(home.path("file.lock"))).toBe(false);
  });
});

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  for await (const chunk of stream) return Buffer.from(chunk).toString().trim();
  throw new Error("it said nothing");
}
