// A real server as a process of its own, and its owner's home to run commands in.
import { fileURLToPath } from "node:url";
import { Home, type Outcome } from "../helper/home.ts";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** Starts `waybill serve`; `waybill` runs a command as the owner of everything. `more` are flags of `serve`. */
export async function startAdministeredServer(more: readonly string[] = [], home = new Home()) {
  const [data, adminKey] = [home.path("data"), home.path("admin.json")];
  const command = ["serve", "--data", data, "--listen", "127.0.0.1:0", "--admin-key", adminKey, ...more];
  const child = Bun.spawn([process.execPath, main, ...command], { env: home.env, stdout: "pipe", stderr: "ignore" });
  const origin = await readyOrigin(child.stdout);
  const owner = { WAYBILL_SERVER: origin, WAYBILL_KEY_FILE: adminKey };
  return {
    home,
    origin,
    adminKey,
    pid: child.pid,
    exited: child.exited,
    /** Starts the server anew over the same folder, after it ended. */
    async restart() {
      const again = Bun.spawn([process.execPath, main, ...command], {
        env: home.env,
        stdout: "pipe",
        stderr: "ignore",
      });
      const stop = async () => {
        again.kill("SIGTERM");
        await again.exited;
      };
      return { origin: await readyOrigin(again.stdout), pid: again.pid, exited: again.exited, stop };
    },
    waybill: (argv: readonly string[], env: Record<string, string> = {}): Promise<Outcome> =>
      home.waybill(argv, { env: { ...owner, ...env } }),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
      home[Symbol.dispose]();
    },
  };
}

export type AdministeredServer = Awaited<ReturnType<typeof startAdministeredServer>>;

async function readyOrigin(stdout: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const chunk of stdout) {
    text += new TextDecoder().decode(chunk);
    const [, origin] = /^ready: (\S+)$/m.exec(text) ?? [];
    if (origin !== undefined) return origin;
  }
  throw new Error(`the server did not become ready: ${text}`);
}
