/** Starts the counting server over a database and a bucket, and speaks to it as an owner. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyFile } from "../../src/identity/key-file.ts";
import { assertionOf, jwtBearer } from "../../test/jwt.ts";
import { readyOrigin } from "../../test/ready-origin.ts";
import type { Counted } from "./node.ts";

export interface CountedNode extends AsyncDisposable {
  readonly origin: string;
  /** An access token of the owner. */
  readonly token: string;
  /** What was counted since the last time. */
  count(): Promise<Counted>;
}

export async function startCountedNode(
  folder: string,
  settings: readonly string[],
  endpoint: string,
  env: Readonly<Record<string, string>>,
): Promise<CountedNode> {
  const keyFile = join(folder, "owner.json");
  const command = ["--data", join(folder, "data"), "--listen", "localhost:0", "--admin-key", keyFile];
  const rates = ["--principal-rate=1000000", "--anonymous-rate=1000000"];
  let told: (counted: Counted) => void = () => {};
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dir, "node.ts"), endpoint, ...command, ...rates, ...settings],
    {
      stdout: "pipe",
      stderr: Bun.file(join(folder, "node.log")),
      env: { PATH: process.env.PATH ?? "", ...env },
      ipc: (message) => told(message as Counted),
    },
  );
  const origin = await readyOrigin(child.stdout);
  if (!origin) throw new Error(`the node did not start: ${readFileSync(join(folder, "node.log"), "utf8")}`);
  const key = JSON.parse(readFileSync(keyFile, "utf8")) as KeyFile;
  const body = new URLSearchParams({ grant_type: jwtBearer, assertion: assertionOf(key, Date.now(), {}) });
  const answer = await fetch(`${origin}/token`, { method: "POST", body });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return {
    origin,
    token,
    count: () =>
      new Promise<Counted>((resolve) => {
        told = resolve;
        child.send("count");
      }),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.exited;
    },
  };
}
