import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type LockedPackage, repository, runningPackages } from "./lock-file.ts";

const introduction = `Waybill contains the following software. Its own licence is in the file LICENSE.

Bun (https://bun.com), which is MIT-licensed, is linked with WebKit's JavaScriptCore (LGPL-2.0-or-later) and others;
https://bun.com/docs/project/licensing lists them, says how to relink, and has their sources.
`;

/** The licences of everything that is inside the executable, as they ask for. */
export function thirdPartyNotices(): string {
  return [introduction, ...runningPackages().map(notice)].join(`\n${"-".repeat(100)}\n`);
}

function notice({ name, version, licence, folder }: LockedPackage): string {
  const path = join(repository, folder);
  const file = existsSync(path) && readdirSync(path).find((entry) => /^(?:licen[cs]e|copying)/i.test(entry));
  const text = file ? readFileSync(join(path, file), "utf8").trim() : "(the package has no file with its licence)";
  return `${name} ${version}, ${licence ?? "licence not named"}\n\n${text}\n`;
}
