import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../../scripts/compile.ts";
import { debianPackage } from "../../../scripts/release/debian.ts";
import { version } from "../../../src/cli/command.ts";
import { clientTest } from "../../clients/client-test.ts";

const folder = mkdtempSync(join(tmpdir(), "waybill-debian-"));
afterAll(() => rmSync(folder, { recursive: true }));
const date = new Date("2026-11-25T00:00:00Z");

async function run(command: string[]) {
  const child = Bun.spawn(command, { cwd: folder, stdout: "pipe", stderr: "pipe" });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { stdout, stderr, exitCode: await child.exited };
}

async function packageOf(program: Uint8Array): Promise<string> {
  const { name, bytes } = await debianPackage(program, "amd64", date);
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
}

/** Runs dpkg over this system without changing it: what it writes lies in memory, in a namespace of its own. */
const overSystem = (file: string) => `
set -e
mount -t tmpfs tmpfs ${folder}/over
mkdir ${folder}/over/upper ${folder}/over/work ${folder}/over/root
mount -t overlay overlay -o lowerdir=/,upperdir=${folder}/over/upper,workdir=${folder}/over/work ${folder}/over/root
mount -t proc proc ${folder}/over/root/proc
mount --bind /dev ${folder}/over/root/dev
cp ${file} ${folder}/over/root/root/waybill.deb
cp ${folder}/inside ${folder}/over/root/root/inside
chroot ${folder}/over/root sh /root/inside`;

const inside = `
exec 2>&1
say() { echo "== $1"; shift; "$@" || echo "exit $?"; }
say install dpkg -i /root/waybill.deb
say user id -nG waybill
say data stat -c '%U %G %a' /var/lib/waybill
say version waybill version
say helper docker-credential-waybill version
say changed dpkg -V waybill
serve() {
  runuser -u waybill -- sh -c 'cd /var/lib/waybill && exec waybill serve --config=/etc/waybill/waybill.yaml --listen=localhost:0' > /tmp/ready 2>/tmp/said &
  server=$!
  until grep -q ready: /tmp/ready; do kill -0 $server || { cat /tmp/said; return 1; }; sleep 0.1; done
  ls -A /var/lib/waybill | tr '\\n' ' '
  kill $server; wait $server
}
say serve serve
echo '# mine' >> /etc/waybill/waybill.yaml
say upgrade dpkg -i /root/waybill.deb
say kept tail -n 1 /etc/waybill/waybill.yaml
say remove dpkg -r waybill
say left sh -c 'ls /etc/waybill /usr/bin/waybill /usr/bin/docker-credential-waybill'
say purge dpkg -P waybill
say purged sh -c 'ls /etc/waybill'
say images sh -c 'ls /var/lib/waybill | grep metadata.sqlite$'
`;

describe("the Debian package", () => {
  clientTest("is the same bytes each time, with every file owned by root and in md5sums", ["dpkg-deb"], async () => {
    const program = Buffer.from("#!/bin/sh\n");
    const once = await debianPackage(program, "arm64", date);
    expect(once.name).toBe(`waybill_${version}_arm64.deb`);
    expect(Buffer.compare(once.bytes, (await debianPackage(program, "arm64", date)).bytes)).toBe(0);
    const file = await packageOf(program);
    const listing = (await run(["dpkg-deb", "--contents", file])).stdout;
    for (const line of listing.trimEnd().split("\n"))
      expect(line).toMatch(/^[dl-]rw\S+ root\/root .* 2026-11-25 00:00 \.\//);
    expect(listing).toContain("./usr/bin/docker-credential-waybill -> waybill");
    expect((await run(["dpkg-deb", "--field", file, "Architecture"])).stdout).toBe("amd64\n");
    await run(["dpkg-deb", "--raw-extract", file, join(folder, "raw")]);
    const sums = await run(["sh", "-c", `cd ${folder}/raw && md5sum --check --strict DEBIAN/md5sums`]);
    expect(sums.exitCode).toBe(0);
  });

  clientTest(
    "is installed, serves as a user of its own, keeps what an administrator wrote, and goes",
    ["root", "namespaces", "dpkg-deb"],
    async () => {
      await compile(join(folder, "waybill"));
      const file = await packageOf(readFileSync(join(folder, "waybill")));
      mkdirSync(join(folder, "over"));
      writeFileSync(join(folder, "inside"), inside);
      const { stdout } = await run(["unshare", "--mount", "sh", "-c", overSystem(file)]);
      const said = new Map(
        stdout.split(/^== /m).map((part) => [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n") + 1)]),
      );
      expect(said.get("install")).toContain(`Setting up waybill (${version})`);
      expect(said.get("user")).toBe("waybill\n");
      expect(said.get("data")).toBe("waybill waybill 700\n");
      expect(said.get("version")).toBe(`waybill ${version}\n`);
      expect(said.get("helper")).toBe(`docker-credential-waybill ${version}\n`);
      expect(said.get("changed")).toBe("");
      expect(said.get("serve")).toContain("metadata.sqlite");
      expect(said.get("kept")).toBe("# mine\n");
      expect(said.get("left")).toContain("waybill.yaml");
      expect(said.get("left")).toContain("cannot access '/usr/bin/waybill'");
      expect(said.get("purged")).toContain("cannot access '/etc/waybill'");
      expect(said.get("images")).toContain("metadata.sqlite");
    },
  );

  clientTest("is nothing that lintian complains about", ["lintian", "dpkg-deb"], async () => {
    const { stdout, stderr } = await run(["lintian", "--allow-root", await packageOf(Buffer.from("#!/bin/sh\n:\n"))]);
    // The overrides are for what is in the real program only.
    const complaints = stdout.split("\n").filter((line) => /^[EW]: /.test(line));
    expect({ complaints, stderr: stderr.replaceAll(/^.*root privileges.*$/gm, "").trim() }).toEqual({
      complaints: [],
      stderr: "",
    });
  });
});

describe("the systemd unit", () => {
  const analyze = Bun.which("systemd-analyze");
  test.skipIf(analyze === null)("is exposed to little", async () => {
    const unit = join(import.meta.dir, "../../../deploy/systemd/waybill.service");
    const { stdout } = await run(["systemd-analyze", "security", "--offline=yes", "--no-pager", unit]);
    const [, exposure] = /Overall exposure level for waybill\.service: ([0-9.]+)/.exec(stdout) ?? [];
    expect(Number(exposure)).toBeLessThan(2);
  });
});
