/** A machine that executables are made for. */
export interface Target {
  /** As archives are named: `linux_amd64`, in the words of Go, whose users know them from docker-credential-gcr. */
  readonly name: string;
  /** The npm package with Bun's executable for it, without `@oven/`. */
  readonly bun: string;
  /** What ends the names of executables. */
  readonly suffix: "" | ".exe";
}

/** Everything that a release is made for. Linux without a word more means glibc. */
export const targets: readonly Target[] = [
  { name: "linux_amd64", bun: "bun-linux-x64", suffix: "" },
  { name: "linux_arm64", bun: "bun-linux-aarch64", suffix: "" },
  { name: "linux-musl_amd64", bun: "bun-linux-x64-musl", suffix: "" },
  { name: "linux-musl_arm64", bun: "bun-linux-aarch64-musl", suffix: "" },
  { name: "darwin_amd64", bun: "bun-darwin-x64", suffix: "" },
  { name: "darwin_arm64", bun: "bun-darwin-aarch64", suffix: "" },
  { name: "windows_amd64", bun: "bun-windows-x64", suffix: ".exe" },
  { name: "windows_arm64", bun: "bun-windows-aarch64", suffix: ".exe" },
];
