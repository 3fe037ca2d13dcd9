import { spawn } from "node:child_process";
import type { Env } from "../context.ts";

/** Can a browser be opened on this machine at all? */
export function hasBrowser(env: Env): boolean {
  if (env.BROWSER) return true;
  if (process.platform === "darwin" || process.platform === "win32") return !env.SSH_CONNECTION;
  return (!!env.DISPLAY || !!env.WAYLAND_DISPLAY) && opener(env) !== undefined;
}

/** Opens an address in the user's browser, if that works; the address is shown too. */
export function openBrowser(url: string, env: Env): void {
  const [program, ...argv] = opener(env) ?? [];
  if (program === undefined) return;
  const child = spawn(program, [...argv, url], { env, stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}

/** The program that opens addresses, with its first arguments. The address is an argument, never part of a shell's line. */
function opener(env: Env): string[] | undefined {
  const found = (name: string) => Bun.which(name, { PATH: env.PATH ?? "" }) ?? undefined;
  if (env.BROWSER) return [found(env.BROWSER) ?? env.BROWSER];
  if (process.platform === "darwin") return ["/usr/bin/open"];
  if (process.platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler"];
  const program = found("xdg-open");
  return program === undefined ? undefined : [program];
}
