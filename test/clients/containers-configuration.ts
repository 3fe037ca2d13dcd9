/** The configuration files of podman, buildah and skopeo that keep them inside one folder. */
import { join } from "node:path";

export async function writeContainersConfiguration(folder: string, home: string): Promise<void> {
  // vfs copies whole layers, but mounts nothing and works on every file system.
  await Bun.write(
    join(folder, "storage.conf"),
    toml({ storage: { driver: "vfs", graphroot: join(folder, "storage"), runroot: join(folder, "run") } }),
  );
  await Bun.write(
    join(folder, "containers.conf"),
    toml({
      // Locks in files and not in /dev/shm, which the whole machine shares; no journal, no user systemd.
      engine: { tmp_dir: join(folder, "tmp"), lock_type: "file", events_logger: "none", cgroup_manager: "cgroupfs" },
      network: { network_config_dir: join(folder, "networks") },
    }),
  );
  await Bun.write(join(folder, "registries.conf"), "unqualified-search-registries = []\n");
  await Bun.write(join(home, ".config/containers/policy.json"), '{"default":[{"type":"insecureAcceptAnything"}]}\n');
}

function toml(tables: Record<string, Record<string, string>>): string {
  const line = ([key, value]: [string, string]) => `${key} = ${JSON.stringify(value)}\n`;
  const table = ([name, keys]: [string, Record<string, string>]) =>
    `[${name}]\n${Object.entries(keys).map(line).join("")}`;
  return Object.entries(tables).map(table).join("\n");
}
