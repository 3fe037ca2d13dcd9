import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../src/cli/commands.ts";
import { bashCompletion } from "../../src/cli/completion/bash.ts";
import { fishCompletion } from "../../src/cli/completion/fish.ts";
import { outlineOf } from "../../src/cli/completion/outline.ts";
import { zshCompletion } from "../../src/cli/completion/zsh.ts";
import { manPages } from "../man.ts";
import type { ArchiveFile } from "./archive.ts";
import { repository } from "./lock-file.ts";
import { thirdPartyNotices } from "./notices.ts";

/** A file of the repository. */
export function sourceFile(path: string): Buffer {
  return readFileSync(join(repository, path));
}

export function textFile(path: string, text: string, mode?: number): ArchiveFile {
  return { path, bytes: Buffer.from(text), ...(mode !== undefined && { mode }) };
}

/** What every archive has beside the program. */
export function papers(): ArchiveFile[] {
  return [
    { path: "LICENSE", bytes: sourceFile("LICENSE") },
    textFile("THIRD-PARTY-NOTICES", thirdPartyNotices()),
    { path: "README.md", bytes: sourceFile("README.md") },
  ];
}

/** Completions by the shells' own names for their files. */
export async function completions(): Promise<{ bash: string; zsh: string; fish: string }> {
  const outline = await outlineOf(root);
  return { bash: bashCompletion(outline), zsh: zshCompletion(outline), fish: fishCompletion(outline) };
}

/** The archive of the helper alone: the program under the name that docker looks for. */
export function helperFiles(program: Uint8Array, suffix: string): ArchiveFile[] {
  return [{ path: `docker-credential-waybill${suffix}`, bytes: program, mode: 0o755 }, ...papers()];
}

/** The archive of everything: on Windows, which has no links for everybody, the helper is a copy that one makes. */
export async function serverFiles(program: Uint8Array, suffix: string, date: Date): Promise<ArchiveFile[]> {
  const { bash, zsh, fish } = await completions();
  const link = { path: "docker-credential-waybill", bytes: new Uint8Array(), mode: 0o777, link: "waybill" };
  return [
    { path: `waybill${suffix}`, bytes: program, mode: 0o755 },
    ...(suffix === "" ? [link] : []),
    ...papers(),
    textFile("completions/waybill.bash", bash),
    textFile("completions/_waybill", zsh),
    textFile("completions/waybill.fish", fish),
    { path: "waybill.service", bytes: sourceFile("deploy/systemd/waybill.service") },
    ...[...(await manPages(date))].map(([name, text]) => textFile(`man/man1/${name}`, text)),
  ];
}
