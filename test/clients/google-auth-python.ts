/** A Python that has Google's library: installed with pip into a folder that goes with this process. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const packages = ["google-auth==2.39.0", "requests==2.32.3"];
const installMilliseconds = 60_000;

/** The path of its executable, or undefined where there is none: no Python, or no way to a package index. */
export function googleAuthPython(): string | undefined {
  found ??= { path: install() };
  return found.path;
}

let found: { path: string | undefined } | undefined;

function install(): string | undefined {
  const python = Bun.which("python3");
  if (!python) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "wbc-python-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const own = join(folder, "bin/python3");
  const steps = [
    [python, "-m", "venv", folder],
    [own, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries=1", "--timeout=10", ...packages],
  ];
  for (const command of steps) {
    const { exitCode } = Bun.spawnSync(command, { timeout: installMilliseconds, stdout: "ignore", stderr: "ignore" });
    if (exitCode !== 0) return undefined;
  }
  return own;
}
