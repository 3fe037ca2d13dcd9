/** The program as it is shipped: its hash thread is a file of its own inside the executable, and must be found there. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Sandbox } from "./sandbox.ts";
import { executables } from "./waybill.ts";

const uploadBytes = 48 * 1024 * 1024;
const missing =
  process.platform === "linux" ? undefined : "skipped: needs Linux, whose kernel counts what a program reads";
if (missing) console.error(missing);

/** Bytes that the process read from files; what comes from a socket does not count (proc(5), io). */
const readBytes = (pid: number) => Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]);
const threadsOf = (pid: number) =>
  readdirSync(`/proc/${pid}/task`).map((thread) => readFileSync(`/proc/${pid}/task/${thread}/comm`, "utf8").trim());

test.skipIf(missing !== undefined)(
  "the compiled server hashes what is pushed on a thread, and reads only what that thread did not see",
  async () => {
    await using sandbox = await Sandbox.create();
    const program = join(await executables(), "waybill");
    const key = sandbox.path("owner.json");
    const serve = ["serve", "--listen=127.0.0.1:0", `--data=${sandbox.path("data")}`, `--admin-key=${key}`];
    const { ready, pid } = await sandbox.start("server", [program, ...serve], /^ready: (\S+)$/m);
    const origin = ready[1] as string;
    Object.assign(sandbox.env, { WAYBILL_SERVER: origin, WAYBILL_KEY_FILE: key });
    await sandbox.succeed([program, "projects", "create", "demo"]);
    const token = await sandbox.succeed([program, "auth", "print-access-token", "--scopes=cloud-platform"]);
    const headers = { authorization: `Bearer ${token}` };
    const piece = crypto.getRandomValues(Buffer.alloc(65_536));
    const bytes = Buffer.concat(Array(uploadBytes / piece.byteLength).fill(piece));

    /** Pushes the bytes under their digest and answers how many the server read from its disk for it. */
    const push = async (algorithm: "sha256" | "sha512") => {
      const before = readBytes(pid);
      const begun = await fetch(`${origin}/v2/demo/${algorithm}/blobs/uploads/`, { method: "POST", headers });
      const digest = `${algorithm}:${new Bun.CryptoHasher(algorithm).update(bytes).digest("hex")}`;
      const url = `${origin}${begun.headers.get("location")}?digest=${digest}`;
      const answer = await fetch(url, { method: "PUT", headers, body: bytes });
      expect(answer.status).toBe(201);
      return readBytes(pid) - before;
    };

    expect(threadsOf(pid)).not.toContain("Worker");
    expect(await push("sha256")).toBeLessThan(uploadBytes / 4);
    expect(threadsOf(pid)).toContain("Worker");
    // The thread was told to make a sha256 of this one: it has to be read again, which shows that reading is seen here.
    expect(await push("sha512")).toBeGreaterThanOrEqual(uploadBytes);
  },
  120_000,
);
