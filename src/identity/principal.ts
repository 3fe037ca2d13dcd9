/** Who somebody is. Ids are immutable: a re-created name is somebody else. */
export type Principal =
  | { readonly kind: "anonymous" }
  | {
      readonly kind: "serviceAccount";
      readonly id: string;
      readonly email: string;
      /** The id of the account's own project. */
      readonly projectId: string;
    }
  | {
      readonly kind: "user";
      readonly id: string;
      readonly email: string;
    };

export const anonymous: Principal = { kind: "anonymous" };

/** How a principal is written in the database and in tokens: `serviceAccount:ID`, `user:ID`; empty for nobody. */
export function principalKey(principal: Principal): string {
  return principal.kind === "anonymous" ? "" : `${principal.kind}:${principal.id}`;
}

/** How a principal is written for people: `serviceAccount:EMAIL`, `user:EMAIL`. */
export function principalName(principal: Principal): string {
  return principal.kind === "anonymous" ? "anonymous caller" : `${principal.kind}:${principal.email}`;
}
