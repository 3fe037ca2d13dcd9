// A home of its own for one test, a service account's key, and our programs run from source as processes.
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export type Outcome = { exitCode: number; stdout: string; stderr: string };
export type RunOptions = { input?: string; env?: Record<string, string>; cwd?: string };

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export class Home implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "waybill-home-"));
  /** Nothing is inherited: what is set on the machine must not decide a test. */
  readonly env: Record<string, string> = { HOME: this.folder, PATH: join(this.folder, "bin"), TMPDIR: tmpdir() };

  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  write(name: string, text: string, mode = 0o600): string {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
    chmodSync(this.path(name), mode);
    return this.path(name);
  }

  read(name: string): string {
    return readFileSync(this.path(name), "utf8");
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  /** The permissions of a file, as `ls` would have them in octal. */
  mode(name: string): string {
    return (statSync(this.path(name)).mode & 0o777).toString(8);
  }

  waybill(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.run([process.execPath, main, ...argv], options);
  }

  /** Our program from source, for tests that speak to it while it runs. */
  command(argv: readonly string[]): string[] {
    return [process.execPath, main, ...argv];
  }

  helper(argv: readonly string[], input = "", options: RunOptions = {}): Promise<Outcome> {
    return this.waybill(["docker-credential-waybill", ...argv], { input, ...options });
  }

  async run(command: string[], { input = "", env = {}, cwd = this.folder }: RunOptions = {}): Promise<Outcome> {
    const stdin = Buffer.from(input);
    const child = Bun.spawn(command, { cwd, env: { ...this.env, ...env }, stdin, stdout: "pipe", stderr: "pipe" });
    const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { exitCode, stdout, stderr };
  }

  /**
   * The longest that `milliseconds` of waiting in our program can take from outside: what is beside the waiting is measured
   * on this machine and at this moment, since a busy one is many times slower.
   */
  async atMost(milliseconds: number): Promise<number> {
    const started = performance.now();
    await this.helper(["version"]);
    return milliseconds + 500 + 10 * (performance.now() - started);
  }

  /** Activates an account for a server; its hosts are those of `tokenUri`. */
  async activate(fields: Partial<KeyFields> = {}): Promise<string> {
    const file = this.write("key.json", JSON.stringify(keyFields(fields)));
    const { exitCode, stderr } = await this.waybill(["auth", "activate-service-account", `--key-file=${file}`]);
    if (exitCode !== 0) throw new Error(stderr);
    return file;
  }

  /** A program that docker or a test finds on PATH. */
  program(name: string, script: string): void {
    this.write(`bin/${name}`, `#!/bin/sh\n${script}\n`, 0o755);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export type KeyFields = ReturnType<typeof keyFields>;

/** An RSA key, made once: it takes a while. */
export const keyPair = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
  publicKeyEncoding: { type: "spki", format: "pem" },
});

export const email = "robot@my-project.iam.waybill.internal";

/** A JSON key file's fields. */
export function keyFields(fields: Partial<Record<string, unknown>> = {}) {
  return {
    type: "service_account",
    project_id: "my-project",
    private_key_id: "0123456789abcdef",
    private_key: keyPair.privateKey,
    client_email: email,
    client_id: "1",
    auth_uri: "http://localhost:5000/auth",
    token_uri: "http://localhost:5000/token",
    universe_domain: "googleapis.com",
    ...fields,
  };
}

/** What a JWT says, without looking at its signature. */
export function claimsOf(token: string): { header: Record<string, unknown>; claims: Record<string, unknown> } {
  const [header, claims] = token.split(".").map((part) => Buffer.from(part, "base64url").toString());
  return { header: JSON.parse(header ?? ""), claims: JSON.parse(claims ?? "") };
}
