import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../identity/federation/issuer.ts", import.meta.url));

/** An OpenID Connect issuer of workloads as a process of its own. */
export class IssuerProcess implements AsyncDisposable {
  readonly url: string;
  readonly #child: Bun.Subprocess;

  private constructor(url: string, child: Bun.Subprocess) {
    this.url = url;
    this.#child = child;
  }

  static async start(): Promise<IssuerProcess> {
    const child = Bun.spawn([process.execPath, program], { stdout: "pipe", stderr: "inherit" });
    for await (const chunk of child.stdout) {
      const url = /ready: (\S+)/.exec(Buffer.from(chunk).toString())?.[1];
      if (url) return new IssuerProcess(url, child);
    }
    throw new Error("the issuer did not start");
  }

  get host(): string {
    return new URL(this.url).host;
  }

  /** A token with these claims, signed now and good for five minutes. */
  async sign(claims: object): Promise<string> {
    const response = await fetch(`${this.url}/sign`, { method: "POST", body: JSON.stringify(claims) });
    return await response.text();
  }

  /** What `/token` answers from now on. */
  async keep(token: string): Promise<void> {
    await fetch(`${this.url}/keep`, { method: "POST", body: token });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill();
    await this.#child.exited;
  }
}
