import type { Context } from "../sources/context.ts";
import { registryCredential } from "../sources/registry-credential.ts";
import { parseRegistryHost } from "../sources/registry-host.ts";
import { readOwnSettings } from "../sources/settings.ts";
import { noServer, notFound, readServerUrl } from "./input.ts";
import type { Answer } from "./run.ts";

/** The user name of an access token in the password; every registry with Google-style authentication knows it. */
export const tokenUsername = "_token";

/**
 * `get`: a token for the registry named on standard input; the settings are read while that comes. The host is looked up
 * before any token, so that no host gets one that it was not configured for; for others, and for an account that is no
 * longer here, the answer is "not found" and the caller goes on without credentials.
 */
export async function get(context: Context): Promise<Answer> {
  const settings = readOwnSettings(context.env, context.stderr);
  settings.catch(() => {}); // It counts where the settings are needed.
  const serverUrl = await readServerUrl(context);
  if (serverUrl === undefined) return { stdout: noServer, exitCode: 1 };
  const host = parseRegistryHost(serverUrl);
  const issued = host && (await registryCredential(host, context, settings));
  if (issued === undefined) return { stdout: notFound, exitCode: 1 };
  const credentials = { ServerURL: serverUrl, Username: tokenUsername, Secret: issued.token.reveal() };
  return { stdout: JSON.stringify(credentials), exitCode: 0 };
}
