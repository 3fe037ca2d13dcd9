/** Who did it, as far as a credential proved it. */
export interface Who {
  /** For people: `serviceAccount:EMAIL`, `user:EMAIL`; empty for nobody. */
  readonly principal: string;
  /** With the immutable id: `serviceAccount:ID`; empty for nobody. */
  readonly id: string;
  /** What kind of credential proved it: `access token`, `key file`, `session`; empty for none. */
  readonly credential: string;
  /** The service account key behind the credential. */
  readonly key?: string | undefined;
}

/** From where it came. */
export interface Whence {
  /** An IP address, or empty for the server itself. */
  readonly address: string;
  /** The client's products and versions; see user-agent.ts. */
  readonly agent: string;
}

/** An entry in a chain. */
export interface Link {
  readonly node: string;
  readonly segment: number;
  readonly sequence: number;
  readonly hash: string;
}

export const nobody: Who = { principal: "", id: "", credential: "" };
/** What the server does by itself: its rules, its upkeep. */
export const serverItself: Who = { principal: "server", id: "server", credential: "" };
export const fromHere: Whence = { address: "", agent: "" };

/** JSON that a reader is shown. Never a secret: what a client sent is put in field by field. */
export type Detail = {
  readonly [name: string]: Detail | readonly Detail[] | readonly string[] | string | number | boolean | undefined;
};

/** What can happen. Names of things are for people; ids say which thing was meant. */
export type Happening =
  | {
      readonly kind: "token.issued";
      /** `registry`, `access`, `id`, `federated`, `refresh`. */
      readonly token: string;
      /** How it was asked for: `basic`, `assertion`, `token exchange`, `impersonation`, `authorization code`. */
      readonly grant: string;
      readonly scope?: string;
      readonly audience?: string;
      /** What a registry token reaches: `repository:demo/app:pull`. */
      readonly access?: readonly string[];
      /** Whom it is for, where somebody asked for another: `serviceAccount:EMAIL`. */
      readonly subject?: string;
      readonly expiresInSeconds?: number;
    }
  /** A credential that proved nobody, wherever it was shown. */
  | { readonly kind: "credential.refused"; readonly reason: string }
  /** Somebody known was refused a token that was asked for. */
  | { readonly kind: "token.refused"; readonly grant: string; readonly reason: string; readonly subject?: string }
  | {
      readonly kind: "decision.refused";
      readonly permission: string;
      readonly resource: string;
      /** Which limit said no: `policy`, `scope`, `token`, `anonymous`. */
      readonly reason: string;
    }
  | {
      readonly kind: "administration";
      /** `POST /v1/projects/{project}/serviceAccounts` */
      readonly method: string;
      readonly resource: string;
      readonly outcome: "done" | "failed";
      readonly reason?: string;
      readonly change?: Detail;
    }
  | {
      readonly kind: "image.pushed";
      readonly repository: string;
      readonly digest: string;
      readonly tags: readonly string[];
    }
  | { readonly kind: "image.deleted"; readonly repository: string; readonly reference: string }
  /** Blobs that were sent, or mounted from another repository, at about the same time. */
  | {
      readonly kind: "blob.pushed";
      readonly repository: string;
      readonly digests: readonly string[];
      readonly mountedFrom?: string;
    }
  /** An upload that was given up before it was a blob. */
  | { readonly kind: "upload.cancelled"; readonly repository: string }
  /** The first pull of a manifest by this principal that the log knows of. */
  | { readonly kind: "image.first-pulled"; readonly repository: string; readonly digest: string }
  /** A sign-in or its end, a first use from a new place. */
  | { readonly kind: "session"; readonly action: string; readonly detail?: Detail }
  /** More of the same within a minute than was written one by one. */
  | {
      readonly kind: "repeated";
      readonly of: string;
      readonly times: number;
      readonly reason: string;
      readonly resource: string;
    }
  /** A segment was dropped because everything in it was too old. */
  | { readonly kind: "log.dropped"; readonly dropped: Link }
  /** The first entry of a segment: which checkpoint was the last one before it. */
  | {
      readonly kind: "log.opened";
      readonly installation: string;
      readonly after?: Link;
    };

/** What happened, by whom, from where, and in which project. */
export type AuditEvent = Happening & {
  readonly who: Who;
  readonly from: Whence;
  /** The immutable id of the project that it concerns. */
  readonly projectId?: string | undefined;
};

export type AuditKind = Happening["kind"];
