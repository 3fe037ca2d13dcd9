import type { Context } from "./context.ts";
import { Failure } from "./failure.ts";
import { registryCredential } from "./registry-credential.ts";
import type { RegistryIdentity } from "./registry-identity.ts";
import type { Secret } from "./secret.ts";

/** The token that a registry gets for an identity that was found for it. `registryCredential` also tells its expiry. */
export async function registryToken({ host }: RegistryIdentity, context: Context): Promise<Secret> {
  const issued = await registryCredential(host, context);
  if (issued === undefined) throw new Failure(`nobody is known here for ${host} any more`, `waybill doctor ${host}`);
  return issued.token;
}
