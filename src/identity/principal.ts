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
    }
  | {
      /** Somebody whom an outside issuer vouches for, through a workload identity pool. */
      readonly kind: "federated";
      /** `//iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/subject/SUBJECT` */
      readonly id: string;
      /** The sets they belong to, without `principalSet:`: `//iam.googleapis.com/…/attribute.NAME/VALUE`. */
      readonly sets: readonly string[];
      /** The id of the pool's project. */
      readonly projectId: string;
    };

export const anonymous: Principal = { kind: "anonymous" };

/** How a principal is written in the database and in tokens: `serviceAccount:ID`, `user:ID`; empty for nobody. */
export function principalKey(principal: Principal): string {
  switch (principal.kind) {
    case "anonymous":
      return "";
    case "federated":
      return `principal:${principal.id}`;
    default:
      return `${principal.kind}:${principal.id}`;
  }
}

/** How a principal is written for people: `serviceAccount:EMAIL`, `user:EMAIL`. */
export function principalName(principal: Principal): string {
  switch (principal.kind) {
    case "anonymous":
      return "anonymous caller";
    case "federated":
      return principalKey(principal);
    default:
      return `${principal.kind}:${principal.email}`;
  }
}
