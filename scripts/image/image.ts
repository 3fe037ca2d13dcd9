// npm run image -- --libc6=amd64=FILE.deb [--libc6=arm64=FILE.deb] [--push=HOST/PROJECT/IMAGE:TAG --key-file=FILE]
// Makes an image of Waybill without Docker, for each architecture that a libc6 package of Debian is given for, writes it to
// dist/waybill-VERSION.oci.tar and pushes it where it is told to, with our own client.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { version } from "../../src/cli/command.ts";
import { RegistryClient } from "../../src/client/registry/registry-client.ts";
import { Secret } from "../../src/sources/secret.ts";
import type { ArchiveFile } from "../release/archive.ts";
import { tarOf } from "../release/archive.ts";
import { repository } from "../release/lock-file.ts";
import { papers } from "../release/payload.ts";
import { buildProgram } from "../release/release.ts";
import { targets } from "../release/targets.ts";
import { sourceDate } from "../source-date.ts";
import { librariesOf } from "./libraries.ts";
import { layoutFiles, ociImage, ociIndex } from "./oci-image.ts";
import { pushImage } from "./push-image.ts";

export type Architecture = "amd64" | "arm64";

/** What is in the image's layer. */
export function imageFiles(program: Uint8Array, libraries: readonly ArchiveFile[]): ArchiveFile[] {
  return [
    { path: "usr/bin/waybill", bytes: program, mode: 0o755 },
    { path: "usr/bin/docker-credential-waybill", bytes: new Uint8Array(), mode: 0o777, link: "waybill" },
    ...papers().map((file) => ({ ...file, path: `usr/share/doc/waybill/${file.path}` })),
    ...libraries,
  ];
}

/** `HOST/PROJECT/IMAGE:TAG` in its parts. */
function parseTarget(text: string): { host: string; name: string; tag: string } {
  const [, host, name, tag] = /^([^/]+)\/(.+):([\w.-]+)$/.exec(text) ?? [];
  if (!host || !name || !tag) throw new Error(`--push: ${text} is not HOST/PROJECT/IMAGE:TAG`);
  return { host, name, tag };
}

async function main(): Promise<void> {
  const options = {
    libc6: { type: "string", multiple: true },
    push: { type: "string" },
    "key-file": { type: "string" },
  } as const;
  const { libc6 = [], push, "key-file": keyFile } = parseArgs({ options }).values;
  const target = push === undefined ? undefined : parseTarget(push);
  const date = sourceDate();
  const images = [];
  for (const one of libc6) {
    const [architecture, file = ""] = one.split("=");
    const built = targets.find(({ name }) => name === `linux_${architecture}`);
    if (!built) throw new Error(`--libc6: ${one} is not amd64=FILE or arm64=FILE`);
    const program = await buildProgram(built);
    const libraries = librariesOf(file, architecture as Architecture);
    images.push(ociImage(imageFiles(program, libraries), architecture as Architecture, date));
  }
  if (images.length === 0) throw new Error("--libc6 is missing: apt-get download libc6");
  const image = ociIndex(images);
  mkdirSync(join(repository, "dist"), { recursive: true });
  const archive = join(repository, `dist/waybill-${version}.oci.tar`);
  writeFileSync(archive, tarOf(layoutFiles(image, version), date));
  console.error(`${archive}: ${image.top.digest}`);
  if (!target) return;
  const isLocal = /^(?:localhost|127\.0\.0\.1)(?::\d+)?$/.test(target.host);
  const secret = keyFile === undefined ? undefined : new Secret(readFileSync(keyFile, "utf8"));
  const client = new RegistryClient({
    origin: `${isLocal ? "http" : "https"}://${target.host}`,
    credentials: async () => secret && { username: "_json_key", secret },
    fetch,
  });
  await pushImage(client, target.name, target.tag, image);
  console.error(`${push}: pushed`);
}

if (import.meta.main) {
  try {
    await main();
  } catch (error) {
    console.error(`image: error: ${(error as Error).message}`);
    process.exit(1);
  }
}
