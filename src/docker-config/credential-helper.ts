import { spawn } from "node:child_process";
import type { Env } from "../sources/context.ts";
import { Failure, oneLine } from "../sources/failure.ts";
import type { Secret } from "../sources/secret.ts";

/** What Docker's configuration calls our own helper. */
export const ownHelper = "waybill";

/** Credentials as the helper protocol has them. */
export type Credentials = { host: string; username: string; secret: Secret };

/** Where the program of this name lies, or undefined when it is not on PATH. */
export function findProgram(name: string, env: Env): string | undefined {
  return Bun.which(name, { PATH: env.PATH ?? "" }) ?? undefined;
}

/** Hands credentials to `docker-credential-NAME store`, on its standard input: arguments are seen by everybody. */
export async function storeCredentials(name: string, { host, username, secret }: Credentials, env: Env): Promise<void> {
  const program = `docker-credential-${name}`;
  const path = findProgram(program, env);
  if (path === undefined)
    throw new Failure(
      `Docker keeps the credentials of ${host} in ${program}, which is not on PATH`,
      "install it, or take it out of Docker's config.json",
    );
  const input = JSON.stringify({ ServerURL: host, Username: username, Secret: secret.reveal() });
  const { exitCode, output } = await runWithInput(path, ["store"], `${input}\n`, env);
  if (exitCode !== 0) throw new Failure(`${program} did not keep the credentials of ${host}: ${oneLine(output)}`);
}

function runWithInput(path: string, argv: string[], input: string, env: Env) {
  return new Promise<{ exitCode: number | null; output: string }>((resolve, reject) => {
    const child = spawn(path, argv, { env, stdio: ["pipe", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.on("error", reject).on("close", (exitCode) => resolve({ exitCode, output }));
    child.stdin.on("error", () => {}); // It ended without reading: its exit code says enough.
    child.stdin.end(input);
  });
}
