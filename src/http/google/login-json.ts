import { AdministrationError } from "../../identity/administration-error.ts";
import type { LoginRow } from "../../storage/metadata/logins.ts";
import type { GoogleServices } from "./services.ts";

/** A login, for listings. @param parent `users/EMAIL`, or the name of a service account */
export function loginJson(parent: string, login: LoginRow) {
  const { id, clientId, keyId, scopes, address, createdAt, usedAt, expiresAt } = login;
  return {
    name: `${parent}/logins/${id}`,
    clientId,
    scopes: scopes.split(" "),
    ...(keyId !== "" && { keyId }),
    ...(address !== "" && { address }),
    createTime: timeText(createdAt),
    lastUseTime: timeText(usedAt),
    expireTime: timeText(expiresAt),
  };
}

/** Ends a login of a principal. Throws `not_found` where it is not theirs. */
export async function endLogin({ logins }: GoogleServices, principal: string, id: string): Promise<object> {
  if (await logins.end(principal, id)) return {};
  throw new AdministrationError("not_found", "There is no such login, or it has ended already.");
}

export function timeText(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
