import type { Context } from "../../sources/context.ts";
import { parseRegistryHost } from "../../sources/registry-host.ts";
import { decodeGoObject, type GoType, goText } from "./go-json.ts";
import type { GcrProgram } from "./program.ts";

type Stored = { serverUrl: string; username: string };

const type: GoType = { value: "credentials.Credentials", struct: "Credentials" };
/** The user name that `get` gives, of this version or another. */
const ownUsername = /^_dcgcr_(?:[0-9]+_)*token$/;

/** What `docker login` wants to be kept. */
export function decodeStored(text: string): Stored {
  const fields = decodeGoObject(text, type);
  const [serverUrl, username] = ["ServerURL", "Username", "Secret"].map((name) => goText(fields, name, type));
  return { serverUrl: serverUrl ?? "", username: username ?? "" };
}

/** Says that nothing was kept, and whose token it will be instead; silent when our own token comes back to us. */
export async function sayInstead(
  { serverUrl, username }: Stored,
  program: GcrProgram,
  context: Context,
): Promise<void> {
  if (ownUsername.test(username)) return;
  const host = parseRegistryHost(serverUrl) ?? serverUrl;
  const { identityOf } = await import("./identity.ts");
  const identity = await identityOf(host, program.suffix, context);
  context.stderr(
    identity === undefined
      ? `waybill: these credentials are not kept: docker-credential-gcr makes its own, and has none for ${host}\n`
      : `waybill: these credentials are not kept: ${host} is used as ${identity}\n`,
  );
  context.stderr(`waybill: hint: ${changeHint(identity, program.suffix)}\n`);
}

function changeHint(identity: string | undefined, suffix: string): string {
  return identity === undefined
    ? `docker-credential-${suffix} gcr-login, or take the host out of credHelpers in Docker's config.json`
    : `another identity: docker-credential-${suffix} gcr-login, or config --token-source; to keep what docker login is given, take the host out of credHelpers in Docker's config.json`;
}
