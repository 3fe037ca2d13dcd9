import { fileURLToPath } from "node:url";
import type { Control, LoggedRequest } from "./server.ts";

const program = fileURLToPath(new URL("./server.ts", import.meta.url));

/** The OAuth server of `server.ts`, running as a process. */
export class OAuthProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: Bun.Subprocess;
  readonly #ca: string | undefined;

  private constructor(url: string, child: Bun.Subprocess, ca: string | undefined) {
    this.url = url;
    this.#child = child;
    this.#ca = ca;
  }

  static async start(tls?: { cert: string; key: string; ca: string }): Promise<OAuthProcess> {
    const flags = tls ? [`--tls-cert=${tls.cert}`, `--tls-key=${tls.key}`] : [];
    const child = Bun.spawn([process.execPath, program, ...flags], { stdout: "pipe", stderr: "inherit" });
    for await (const chunk of child.stdout) {
      const url = /ready: (\S+)/.exec(Buffer.from(chunk).toString())?.[1];
      if (url) return new OAuthProcess(url, child, tls?.ca);
    }
    throw new Error("the OAuth server did not start");
  }

  get host(): string {
    return new URL(this.url).host;
  }

  get port(): string {
    return new URL(this.url).port;
  }

  async control(control: Control): Promise<void> {
    await this.#fetch("/control", { method: "POST", body: JSON.stringify(control) });
  }

  /** What was asked of it, of one path or of all. */
  async log(path?: string): Promise<LoggedRequest[]> {
    const all = (await (await this.#fetch("/log")).json()) as LoggedRequest[];
    return path === undefined ? all : all.filter((request) => request.path === path);
  }

  /** Follows the address of a sign-in as a browser does; with `follow` to where it ends. */
  async browse(url: string, follow = true): Promise<Response> {
    return await fetch(url, { redirect: follow ? "follow" : "manual" });
  }

  async #fetch(path: string, init: RequestInit = {}): Promise<Response> {
    return await fetch(this.url + path, this.#ca ? { ...init, tls: { ca: this.#ca } } : init);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#child.exited;
  }
}
