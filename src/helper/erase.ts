import type { Context } from "../sources/context.ts";
import { noServer, readServerUrl } from "./input.ts";
import type { Answer } from "./run.ts";

/**
 * `erase`: nothing to erase, since nothing that `docker login` gives is kept; accounts leave by `waybill auth revoke`.
 * It succeeds: podman 4 crashes when a helper refuses.
 */
export async function erase(context: Context): Promise<Answer> {
  const serverUrl = await readServerUrl(context);
  return serverUrl === undefined ? { stdout: noServer, exitCode: 1 } : { stdout: "", exitCode: 0 };
}
