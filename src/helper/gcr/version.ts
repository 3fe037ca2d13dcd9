import { version } from "../../../package.json";

/** The user name beside a token: it tells a registry which program asks. A version of another form counts as none. */
export function gcrUsername(): string {
  const [, numbers = "0.0.0"] = /^([0-9]+(?:[._][0-9]+)*)(?:-[0-9]+-[0-9a-f]+)?$/.exec(version) ?? [];
  return `_dcgcr_${numbers.replaceAll(".", "_")}_token`;
}

/** What `version` prints. */
export function versionText(): string {
  return `Google Container Registry Docker credential helper ${version}`;
}
