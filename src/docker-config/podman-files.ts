// Where podman, buildah and skopeo look for credentials (containers-auth.json(5), containers-registries.conf(5)):
//
//   $REGISTRY_AUTH_FILE                             alone, when it is set
//   $XDG_RUNTIME_DIR/containers/auth.json           what `podman login` writes; gone with the machine's next start
//   $XDG_CONFIG_HOME/containers/auth.json           stays: what we write. The form is that of Docker's configuration
//   ~/.config/containers/registries.conf.d/*.conf   which helpers are asked about hosts that no file names
import { join } from "node:path";
import type { Env } from "../sources/context.ts";
import { home } from "../sources/paths.ts";
import { readTextFile } from "./edit-file.ts";
import { helpersIn } from "./registries-conf.ts";

/** The file for logins that stay. */
export function podmanAuthPath(env: Env): string {
  return env.REGISTRY_AUTH_FILE || join(env.XDG_CONFIG_HOME || join(home(env), ".config"), "containers/auth.json");
}

/** The file that `podman login` writes, which is looked at first; undefined where there is none besides. */
export function podmanLoginPath(env: Env): string | undefined {
  if (env.REGISTRY_AUTH_FILE || !env.XDG_RUNTIME_DIR) return undefined;
  return join(env.XDG_RUNTIME_DIR, "containers/auth.json");
}

/**
 * The file that names helpers for every host. It is one of our own beside the machine's, since a registries.conf in the
 * user's home would take the place of the whole one in /etc; but where a variable names the file, it is that.
 */
export function registriesConfPath(env: Env): string {
  return env.CONTAINERS_REGISTRIES_CONF || join(containersFolder(env), "registries.conf.d/waybill.conf");
}

/** The helpers that a file of our own would hide: those of the file that holds without it. */
export function inheritedHelpers(env: Env): string[] {
  if (env.CONTAINERS_REGISTRIES_CONF) return [];
  const files = [join(containersFolder(env), "registries.conf"), "/etc/containers/registries.conf"];
  return helpersIn(files.map(readTextFile).find((text) => text !== undefined) ?? "");
}

/** Always below the home: XDG_CONFIG_HOME has no say in where registries.conf lies. */
function containersFolder(env: Env): string {
  return join(home(env), ".config/containers");
}
