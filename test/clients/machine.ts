/** What this machine has of what a test needs, and the words to say it in when something is missing. */

import { postgresMissing } from "../postgres.ts";
import { googleAuthPython } from "./google-auth-python.ts";

/** A program by its name in PATH, or a property of the machine. */
export type Need =
  | "docker"
  | "dockerd"
  | "podman"
  | "skopeo"
  | "buildah"
  | "containerd"
  | "ctr"
  | "gcloud"
  | "chromium"
  | "openssl"
  | "curl"
  | "haproxy"
  | "postgresql"
  | "docker-registry"
  | "python3"
  | "python with google-auth"
  | "zsh"
  | "fish"
  | "mandoc"
  | "man"
  | "lintian"
  | "dpkg-deb"
  | "root"
  | "namespaces";

/** gcloud is large, and not free software in Debian; pip needs a network: nobody is asked to have them, nor a proxy. */
const OPTIONAL: ReadonlySet<Need> = new Set(["gcloud", "python with google-auth", "haproxy", "lintian"]);

/** True where a missing client is a failure and not a skipped test. */
export const clientsRequired = process.env.WAYBILL_REQUIRE_CLIENTS === "1";

/** The needs this machine does not meet. */
export function missing(needs: readonly Need[]): Need[] {
  return needs.filter((need) => !isThere(need));
}

/** Whether the lack of these fails the run instead of skipping a test. */
export function mustHave(lacking: readonly Need[]): boolean {
  return clientsRequired && lacking.some((need) => !OPTIONAL.has(need));
}

/** "skipped: needs podman, root". */
export function skipText(lacking: readonly Need[]): string {
  return `skipped: needs ${lacking.join(", ")}`;
}

function isThere(need: Need): boolean {
  switch (need) {
    case "root":
      return process.getuid?.() === 0;
    case "namespaces":
      return hasNamespaces();
    case "haproxy":
      return haproxyProgram() !== undefined;
    case "postgresql":
      return postgresMissing() === undefined;
    case "gcloud":
      return Bun.which("gcloud") !== null && Bun.which("docker-credential-gcloud") !== null;
    case "python with google-auth":
      return googleAuthPython() !== undefined;
    default:
      return Bun.which(need) !== null;
  }
}

/** Debian puts it where only root looks. */
export function haproxyProgram(): string | undefined {
  return Bun.which("haproxy", { PATH: `${process.env.PATH ?? ""}:/usr/sbin` }) ?? undefined;
}

let namespaces: boolean | undefined;

/** Whether a process may have its own mounts and its own network here; containers often may not. */
function hasNamespaces(): boolean {
  if (!Bun.which("unshare") || !Bun.which("nsenter")) return false;
  namespaces ??= Bun.spawnSync(["unshare", "--mount", "--net", "true"]).exitCode === 0;
  return namespaces;
}
