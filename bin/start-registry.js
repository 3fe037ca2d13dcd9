// `import { startRegistry } from "waybill/start-registry"` in a program that Node runs: the registries run in one process of
// Bun beside it, which starts when this module is imported and ends with this process, however that ends.
import { spawn } from "node:child_process";
import { devNull } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { findBun } from "./bun.js";

const [program, tsconfig] = ["../src/start-registry-host.ts", "../tsconfig.json"].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);
const waiting = new Map();
let lastId = 0;
let host = startHost();

/** See start-registry.d.ts. */
export async function startRegistry(options = {}) {
  const { id, registry } = await ask({ start: options });
  let stopped;
  const stop = () => {
    stopped ??= ask({ stop: id }).then(() => {});
    return stopped;
  };
  return { ...registry, stop, [Symbol.asyncDispose]: stop };
}

function startHost() {
  const bun = findBun();
  if (!bun) throw new Error("no Bun for this machine in node_modules: npm ci --include=optional");
  const child = spawn(bun, ["--no-env-file", `--config=${devNull}`, `--tsconfig-override=${tsconfig}`, program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const answer = JSON.parse(line);
    const question = waiting.get(answer.id);
    waiting.delete(answer.id);
    keepAlive(child);
    if (answer.error === undefined) question?.resolve(answer);
    else question?.reject(new Error(answer.error));
  });
  child.stdin.on("error", () => {}); // Said by the exit.
  child.on("exit", (code, signal) => {
    host = undefined;
    for (const { reject } of waiting.values()) reject(new Error(`the registry's process ended: ${signal ?? code}`));
    waiting.clear();
  });
  keepAlive(child);
  return child;
}

/** Waiting for an answer keeps this process alive; a registry that runs does not. */
function keepAlive(child) {
  const method = waiting.size > 0 ? "ref" : "unref";
  for (const one of [child, child.stdin, child.stdout]) one[method]?.();
}

function ask(question) {
  host ??= startHost();
  lastId += 1;
  const id = lastId;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    keepAlive(host);
    host.stdin.write(`${JSON.stringify({ id, ...question })}\n`);
  });
}
