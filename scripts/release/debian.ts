import { createHash } from "node:crypto";
import { version } from "../../src/cli/command.ts";
import { manPages } from "../man.ts";
import { type ArchiveFile, gzipOf, tarOf } from "./archive.ts";
import { thirdPartyNotices } from "./notices.ts";
import { completions, sourceFile, textFile } from "./payload.ts";

/** Debian's words for our targets with glibc. */
export type DebianArchitecture = "amd64" | "arm64";

/** Targets that there is a Debian package for. */
export const debianArchitectures: Readonly<Record<string, DebianArchitecture>> = {
  linux_amd64: "amd64",
  linux_arm64: "arm64",
};

const maintainer = "Waybill maintainers <maintainers@waybill.internal>";
const conffile = "/etc/waybill/waybill.yaml";

/**
 * A Debian package (deb(5)): the program, the helper as a link to it, a service with a user of its own, manual pages and
 * completions. The same program and time give the same bytes.
 */
export async function debianPackage(
  program: Uint8Array,
  architecture: DebianArchitecture,
  changed: Date,
): Promise<{ name: string; bytes: Buffer }> {
  const files = await filesOf(program, changed);
  const data = tarOf(files, changed, { folders: true, prefix: "./" });
  const control = tarOf(controlOf(files, architecture), changed, { folders: true, prefix: "./" });
  const bytes = arOf(
    [
      ["debian-binary", Buffer.from("2.0\n")],
      ["control.tar.gz", gzipOf(control)],
      ["data.tar.gz", gzipOf(data)],
    ],
    changed,
  );
  return { name: `waybill_${version}_${architecture}.deb`, bytes };
}

async function filesOf(program: Uint8Array, changed: Date): Promise<ArchiveFile[]> {
  const { bash, zsh, fish } = await completions();
  const pages = [...(await manPages(changed))];
  return [
    { path: "usr/bin/waybill", bytes: program, mode: 0o755 },
    { path: "usr/bin/docker-credential-waybill", bytes: new Uint8Array(), mode: 0o777, link: "waybill" },
    { path: "lib/systemd/system/waybill.service", bytes: sourceFile("deploy/systemd/waybill.service") },
    { path: conffile.slice(1), bytes: sourceFile("deploy/debian/waybill.yaml") },
    textFile("usr/share/bash-completion/completions/waybill", bash),
    textFile("usr/share/zsh/vendor-completions/_waybill", zsh),
    textFile("usr/share/fish/vendor_completions.d/waybill.fish", fish),
    { path: "usr/share/lintian/overrides/waybill", bytes: sourceFile("deploy/debian/lintian-overrides") },
    textFile("usr/share/doc/waybill/copyright", copyright()),
    packed("usr/share/doc/waybill/THIRD-PARTY-NOTICES.gz", Buffer.from(thirdPartyNotices())),
    packed("usr/share/doc/waybill/changelog.gz", Buffer.from(changelog(changed))),
    ...pages.map(([name, text]) => packed(`usr/share/man/man1/${name}.gz`, Buffer.from(text))),
  ];
}

function packed(path: string, bytes: Uint8Array): ArchiveFile {
  return { path, bytes: gzipOf(bytes, 9) };
}

/** What a shell script of the package says is run as root by dpkg. */
function controlOf(files: readonly ArchiveFile[], architecture: DebianArchitecture): ArchiveFile[] {
  const installedKiB = files.reduce((total, { bytes }) => total + Math.ceil(bytes.byteLength / 1024) + 1, 0);
  const script = (name: string) => ({ path: name, bytes: sourceFile(`deploy/debian/${name}`), mode: 0o755 });
  const control = `Package: waybill
Version: ${version}
Section: net
Priority: optional
Architecture: ${architecture}
Maintainer: ${maintainer}
Installed-Size: ${installedKiB}
Depends: adduser, libc6 (>= 2.27)
Recommends: ca-certificates
Suggests: libsecret-1-0
Description: container registry with Google-style authentication
 A private container registry that speaks the OCI distribution protocol, with
 short-lived tokens, service accounts, projects and roles, and the Docker
 credential helper that goes with it, docker-credential-waybill, which also
 works alone with gcr.io and pkg.dev.
`;
  const sums = files
    .filter(({ link, path }) => link === undefined && `/${path}` !== conffile)
    .map(({ path, bytes }) => `${createHash("md5").update(bytes).digest("hex")}  ${path}\n`);
  return [
    textFile("control", control),
    textFile("conffiles", `${conffile}\n`),
    textFile("md5sums", sums.sort((a, b) => (a.slice(34) < b.slice(34) ? -1 : 1)).join("")),
    script("postinst"),
    script("prerm"),
    script("postrm"),
  ];
}

function copyright(): string {
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: waybill
Comment: What others made of it has its licences in THIRD-PARTY-NOTICES.gz beside this file.

Files: *
Copyright: 2026 The Waybill authors
License: Apache-2.0
 On Debian systems the full text of the Apache License, version 2.0, is in
 /usr/share/common-licenses/Apache-2.0.
`;
}

function changelog(changed: Date): string {
  return `waybill (${version}) unstable; urgency=medium

  * What is new is in CHANGELOG.md of the sources.

 -- ${maintainer}  ${changed.toUTCString().replace("GMT", "+0000")}
`;
}

/** The oldest archive there is (ar(5)), in the plain form that dpkg wants. */
function arOf(members: readonly [name: string, bytes: Uint8Array][], changed: Date): Buffer {
  const seconds = Math.floor(changed.getTime() / 1000);
  const parts = members.flatMap(([name, bytes]) => {
    const header = `${name.padEnd(16)}${String(seconds).padEnd(12)}0     0     100644  ${String(bytes.byteLength).padEnd(10)}\`\n`;
    return [Buffer.from(header), bytes, Buffer.alloc(bytes.byteLength % 2, "\n")];
  });
  return Buffer.concat([Buffer.from("!<arch>\n"), ...parts]);
}
