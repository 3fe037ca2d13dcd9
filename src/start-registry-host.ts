// Runs throw-away registries for a process of another runtime (bin/start-registry.js), which says on standard input what
// it wants, a line of JSON each, and gets a line of JSON for each. Ends, and they with it, when that process ends.
import { createInterface } from "node:readline";
import type { Registry, RegistryOptions } from "../bin/start-registry.js";
import { startRegistry } from "./start-registry.ts";

type Question = { readonly id: number } & ({ readonly start: RegistryOptions } | { readonly stop: number });

const registries = new Map<number, Registry>();

for await (const line of createInterface({ input: process.stdin })) answer(JSON.parse(line) as Question);
await Promise.all([...registries.values()].map((registry) => registry.stop()));
process.exit(0);

function answer(question: Question): void {
  const { id } = question;
  const done = "start" in question ? start(id, question.start) : stop(question.stop);
  done.then(
    (registry) => say({ id, registry }),
    (error: unknown) => say({ id, error: (error as Error).message }),
  );
}

async function start(id: number, options: RegistryOptions): Promise<Partial<Registry>> {
  const registry = await startRegistry(options);
  registries.set(id, registry);
  const { origin, host, keyFile, project } = registry;
  return { origin, host, keyFile, project };
}

async function stop(id: number): Promise<undefined> {
  await registries.get(id)?.stop();
  registries.delete(id);
}

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}
