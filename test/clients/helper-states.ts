/** The states that a helper can find its identity in, and what each client makes of them. */
import { mkdir, symlink } from "node:fs/promises";
import { setHelper } from "./docker-configuration.ts";
import type { Outcome, Sandbox } from "./sandbox.ts";
import { executables } from "./waybill.ts";
import type { World } from "./world.ts";

/** The project whose images everybody may pull. */
export const PUBLIC_PROJECT = "public-project";

export interface State {
  readonly name: string;
  /** What the helper says of it; undefined where it says that nobody is known. */
  readonly complaint: RegExp | undefined;
  enter(sandbox: Sandbox, world: World): Promise<void>;
}

export const STATES: readonly State[] = [
  {
    name: "without an identity",
    complaint: undefined,
    enter: (sandbox, world) => setHelper(sandbox, world.server.host, "waybill"),
  },
  {
    name: "with an identity that fails",
    complaint: /is not a service account's key/,
    async enter(sandbox, world) {
      await sandbox.succeed(["waybill", "auth", "activate-service-account", `--key-file=${world.reader.keyFile}`]);
      await setHelper(sandbox, world.server.host, "waybill");
      await Bun.write(sandbox.path(`home/.config/waybill/accounts/${world.reader.email}.json`), '{"type":"damaged"}');
    },
  },
  {
    name: "with a login that has expired",
    complaint: /oauth2: token expired and refresh token is not set/,
    async enter(sandbox, world) {
      await installAs(sandbox, "docker-credential-gcr");
      await setHelper(sandbox, world.server.host, "gcr");
      const gcrCreds = { access_token: "old", token_expiry: "2020-01-01T00:00:00Z" };
      await mkdir(sandbox.path("home/.config/gcloud"), { recursive: true });
      await Bun.write(sandbox.path("home/.config/gcloud/docker_credentials.json"), JSON.stringify({ gcrCreds }));
    },
  },
];

/** Our executable under another name. */
export async function installAs(sandbox: Sandbox, name: string): Promise<void> {
  await symlink(`${await executables()}/waybill`, sandbox.path("bin", name));
}

/** Lets everybody pull from one project, and the writer push to it. */
export async function makePublicProject({ server, writer }: World): Promise<void> {
  await server.administer("projects", "create", PUBLIC_PROJECT);
  const grant = (member: string, role: string) =>
    server.administer("projects", "add-iam-policy-binding", PUBLIC_PROJECT, `--member=${member}`, `--role=${role}`);
  await grant("allUsers", "roles/storage.objectViewer");
  await grant(`serviceAccount:${writer.email}`, "roles/storage.admin");
}

export const said = ({ stdout, stderr }: Outcome): string => stdout + stderr;

/** Since which release docker's command stops at a helper's error instead of going on without credentials. */
export async function stopsAtError(sandbox: Sandbox, command: "pull" | "create"): Promise<boolean> {
  const [, major, minor] = /version (\d+)\.(\d+)/.exec(await sandbox.succeed(["docker", "--version"])) ?? [];
  const version = Number(major) * 100 + Number(minor);
  return version >= (command === "pull" ? 2900 : 2801);
}
