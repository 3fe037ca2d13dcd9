// A home in which everything that the helper writes is written all the time: tokens that are renewed each second, the
// login of docker-credential-gcr, Docker's configuration, our settings.
import { mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { executables } from "../../clients/waybill.ts";
import { Google, googleClient } from "../gcr/google.ts";
import { Home, type Outcome } from "../home.ts";

/** A command with its input. */
export type Call = { program: string; argv: string[]; input: string };

const dockerConfig = '{\n  "unknown": { "keep": [1.50, "me"] },\n  "auths": { "unused.test": {} }\n}\n';
/** Tokens last a second longer than is promised: each is good for about one second. */
const lifetimeSeconds = 3599;

export class Scene implements Disposable {
  readonly home = new Home();
  readonly google = new Google();
  readonly #folder: string;
  #issued = 0;

  private constructor(folder: string) {
    this.#folder = folder;
    this.google.answer = () => this.google.token(`token-${++this.#issued}`, { expires_in: lifetimeSeconds });
    const endpoints = { "https://oauth2.googleapis.com": this.google.origin };
    const defaults = { minimumLifetimeSeconds: lifetimeSeconds - 1 };
    this.home.write(
      ".config/waybill/settings.json",
      JSON.stringify({ endpoints, googleClient, defaults, unknown: "keep me" }),
    );
    this.home.write(".docker/config.json", dockerConfig);
    this.home.write(".config/gcloud/docker_credentials.json", '{"gcrCreds":{"refresh_token":"r"},"other":"keep me"}');
    const user = { type: "authorized_user", client_id: "id", client_secret: "secret", refresh_token: "refresh" };
    this.home.env.GOOGLE_APPLICATION_CREDENTIALS = this.home.write("adc.json", JSON.stringify(user));
    this.home.env.PATH = `${this.home.path("bin")}:/usr/bin:/bin`;
  }

  static async create(): Promise<Scene> {
    const scene = new Scene(await executables());
    mkdirSync(scene.home.path("bin"));
    for (const name of ["waybill", "docker-credential-waybill", "docker-credential-gcr"])
      symlinkSync(join(scene.#folder, "waybill"), scene.home.path("bin", name));
    return scene;
  }

  spawn({ program, argv, input }: Call) {
    return Bun.spawn([this.home.path("bin", program), ...argv], {
      env: this.home.env,
      cwd: this.home.folder,
      stdin: Buffer.from(input),
      stdout: "pipe",
      stderr: "pipe",
    });
  }

  async run(call: Call): Promise<Outcome> {
    const child = this.spawn(call);
    const [stdout, stderr, exitCode] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { exitCode, stdout, stderr };
  }

  /** What is wrong with the files at this moment; nothing, if all is well. */
  damage(): string[] {
    const kept: [string, (value: Record<string, unknown>) => unknown, unknown][] = [
      [".docker/config.json", ({ unknown }) => JSON.stringify(unknown), '{"keep":[1.5,"me"]}'],
      [".config/waybill/settings.json", ({ unknown }) => unknown, "keep me"],
      [".config/gcloud/docker_credentials.json", ({ other }) => other, "keep me"],
    ];
    return [
      ...kept.flatMap(([name, look, expected]) => this.#wrong(name, (value) => look(value) === expected)),
      ...this.#tokenFiles().flatMap((name) => this.#wrong(name, ({ token }) => /^token-\d+$/.test(String(token)))),
    ];
  }

  /** What killed processes have left behind that may hold a secret; a lock holds none, and the next who wants it takes it. */
  leftovers(): string[] {
    const names = readdirSync(this.home.folder, { recursive: true, encoding: "utf8" });
    return names.filter((name) => name.endsWith(".tmp"));
  }

  /** As if they had been left long ago. */
  age(names: readonly string[]): void {
    const longAgo = Date.now() / 1000 - 3600;
    for (const name of names) utimesSync(this.home.path(name), longAgo, longAgo);
  }

  #tokenFiles(): string[] {
    const folder = ".cache/waybill/tokens";
    if (!this.home.has(folder)) return [];
    return readdirSync(this.home.path(folder))
      .filter((name) => name.endsWith(".json"))
      .map((name) => join(folder, name));
  }

  #wrong(name: string, isRight: (value: Record<string, unknown>) => boolean): string[] {
    const text = readIfThere(this.home.path(name));
    if (text === undefined) return [];
    try {
      return isRight(JSON.parse(text)) ? [] : [`${name}: ${text}`];
    } catch {
      return [`${name} is not whole: ${JSON.stringify(text)}`];
    }
  }

  [Symbol.dispose](): void {
    this.google[Symbol.dispose]();
    this.home[Symbol.dispose]();
  }
}

/** A cached token may be forgotten between the listing and the reading. */
function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
