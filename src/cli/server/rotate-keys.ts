import type { Rotation } from "../../identity/signing-keys.ts";
import { answer, type OperationInvocation, withInstallation } from "../operations/place.ts";

/** `waybill server rotate-keys` */
export async function run(invocation: OperationInvocation<never, "revoke-old">): Promise<number> {
  const revokeOld = invocation.values["revoke-old"] === true;
  const rotations = await withInstallation(invocation, (place) => place.rotateKeys(revokeOld), { needsBlobs: false });
  answer(invocation, rotations, rotations.map(describe).join(""));
  return 0;
}

function describe({ use, key, waitSeconds }: Rotation): string {
  const minutes = Math.ceil(waitSeconds / 60);
  return waitSeconds === 0
    ? `${use}: ${key} signs now\n`
    : `${use}: ${key} still signs; the next key was published too recently and can take its place in ${minutes} min\n`;
}
