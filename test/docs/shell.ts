/** The shell of one page: each command a process of its own, and folder, variables and functions stay from one to the next. */
import { mkdir } from "node:fs/promises";
import type { Sandbox } from "../clients/sandbox.ts";
import type { Names } from "./names.ts";

/** A client on a busy machine; what hangs is a failure. */
const LIMIT_SECONDS = 200;

/** Takes the command as its argument. */
const RUN = `
exec 2>&1
[ ! -f "$PAGE_STATE" ] || . "$PAGE_STATE"
trap 'code=$?; trap - EXIT; { export -p; declare -f; printf "cd %q\\n" "$PWD"; } > "$PAGE_STATE.new"; mv "$PAGE_STATE.new" "$PAGE_STATE"; exit $code' EXIT
set -a -o pipefail
eval "$1"
`;

const bash = ["bash", "--noprofile", "--norc", "-c", RUN, "bash"];

export interface Printed {
  readonly exitCode: number;
  /** Standard output and standard error, as a terminal would have them, with the page's names. */
  readonly text: string;
}

export class Shell {
  readonly sandbox: Sandbox;
  readonly names: Names;
  /** Where the page's commands begin. */
  readonly folder: string;
  readonly #running: { readonly command: string; readonly child: Bun.Subprocess }[] = [];

  private constructor(sandbox: Sandbox, names: Names, folder: string) {
    this.sandbox = sandbox;
    this.names = names;
    this.folder = folder;
  }

  static async open(sandbox: Sandbox, names: Names): Promise<Shell> {
    const folder = sandbox.path("work");
    await mkdir(folder, { recursive: true });
    return new Shell(sandbox, names, folder);
  }

  async run(command: string): Promise<Printed> {
    const limit = ["timeout", "--kill-after=5", String(LIMIT_SECONDS)];
    const child = Bun.spawn([...limit, ...bash, this.names.toMachine(command)], {
      ...this.#place(),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [text, exitCode] = await Promise.all([child.stdout.text(), child.exited]);
    return { exitCode, text: this.names.toPage(text) };
  }

  /** Starts a command that stays and returns what it printed once `ready` says so; throws when it ends before. */
  async start(command: string, ready: (printed: string) => boolean): Promise<void> {
    const log = this.sandbox.path(`staying-${this.#running.length}.log`);
    const child = Bun.spawn(["setsid", ...bash, this.names.toMachine(command)], {
      ...this.#place(),
      stdout: Bun.file(log),
      stderr: "ignore",
    });
    this.#running.push({ command, child });
    const deadline = Date.now() + LIMIT_SECONDS * 1000;
    for (;;) {
      const printed = this.names.toPage(await Bun.file(log).text());
      if (ready(printed)) return;
      if (child.exitCode !== null) throw new Error(`${command}: ended with ${child.exitCode}\n${printed}`);
      if (Date.now() > deadline) throw new Error(`${command}: did not print what the page shows, but\n${printed}`);
      await Bun.sleep(20);
    }
  }

  /** Ends what stays and what it has started, as Ctrl-C would. */
  async stop(): Promise<void> {
    for (const { child } of this.#running.splice(0).reverse()) {
      if (child.exitCode === null) process.kill(-child.pid, "SIGTERM");
      const killer = setTimeout(() => process.kill(-child.pid, "SIGKILL"), 20_000);
      await child.exited;
      clearTimeout(killer);
    }
  }

  #place() {
    const env = { ...this.sandbox.env, PAGE_STATE: this.sandbox.path("shell-state") };
    return { cwd: this.folder, env, stdin: "ignore" as const };
  }
}
