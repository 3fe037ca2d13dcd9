// A client that asks a listener in the registry's place looks for the listener's credentials. It finds those of the
// registry: in a configuration of its own, gone with the recording, whose helper asks the user's helper for the registry.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { dockerConfigPath } from "../../docker-config/docker-config-file.ts";
import type { Env } from "../../sources/context.ts";
import {
  type CredentialFile,
  entryFor,
  type PasswordEntry,
  readDockerFile,
  readPodmanFiles,
} from "../doctor/docker-file.ts";

/** A registry and the listener that stands for it. */
export type StandIn = { registry: string; listener: string };

/** A folder of this run's own; `env` is what leads a client there. */
export class ClientFolder implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "waybill-trace-"));

  /** The environment in which a client asks the listeners as it would ask the registries. */
  lead(standIns: readonly StandIn[], env: Env, readsPodmanFiles: boolean): Env {
    const files = [...(readsPodmanFiles ? readPodmanFiles(env) : []), readDockerFile(env)];
    const config = { ...parse(dockerConfigPath(env)) };
    for (const [index, standIn] of standIns.entries()) this.#add(config, standIn, files, `waybill-trace-${index}`);
    linkSiblings(dirname(dockerConfigPath(env)), this.#folder);
    const path = this.write("config.json", JSON.stringify(config));
    const podman = readsPodmanFiles ? { REGISTRY_AUTH_FILE: path } : {};
    return { DOCKER_CONFIG: this.#folder, PATH: `${join(this.#folder, "bin")}:${env.PATH ?? ""}`, ...podman };
  }

  /** Writes a file that only this user can read. */
  write(name: string, text: string): string {
    const path = join(this.#folder, name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #add(config: Record<string, unknown>, { registry, listener }: StandIn, files: CredentialFile[], shim: string): void {
    for (const file of files) {
      const helper = file.credHelpers.get(registry) ?? file.credsStore;
      const entry = entryFor(file, registry);
      if (helper)
        config.credHelpers = { ...section(config.credHelpers), [listener]: this.#shim(shim, helper, registry) };
      else if (entry) config.auths = { ...section(config.auths), [listener]: formatEntry(entry) };
      if (helper || entry) return;
    }
  }

  /** A helper that asks another one for the registry, whatever it is asked for, and keeps nothing. */
  #shim(name: string, helper: string, registry: string): string {
    const ask = `printf %s ${quoted(registry)} | exec ${quoted(`docker-credential-${helper}`)} get`;
    const path = this.write(`bin/docker-credential-${name}`, `#!/bin/sh\n[ "$1" = get ] || exit 0\n${ask}\n`);
    chmodSync(path, 0o700);
    return name;
  }
}

/** Docker's other things in its folder (contexts, plug-ins) stay what they are. */
function linkSiblings(from: string, to: string): void {
  let names: string[] = [];
  try {
    names = readdirSync(from);
  } catch {} // There is no such folder: nothing to link.
  for (const name of names) if (name !== "config.json" && name !== "bin") symlinkSync(join(from, name), join(to, name));
}

function parse(path: string): Record<string, unknown> {
  try {
    return section(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return {}; // Absent or damaged: docker would find nothing in it either.
  }
}

function section(value: unknown): Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : {};
}

function formatEntry({ username, secret }: PasswordEntry): Record<string, string> {
  if (username === "<token>") return { auth: Buffer.from(":").toString("base64"), identitytoken: secret.reveal() };
  return { auth: Buffer.from(`${username}:${secret.reveal()}`).toString("base64") };
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
