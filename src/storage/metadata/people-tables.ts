/** Users, how they sign in, where they are signed in, and what acts for them. */
export interface PeopleTables {
  readonly users: UsersTable;
  readonly passwords: PasswordsTable;
  readonly passkeys: PasskeysTable;
  readonly outside_identities: OutsideIdentitiesTable;
  readonly sessions: SessionsTable;
  readonly one_time_codes: OneTimeCodesTable;
  readonly logins: LoginsTable;
  readonly refresh_tokens: RefreshTokensTable;
  readonly device_codes: DeviceCodesTable;
}

interface UsersTable {
  id: string;
  email: string;
  created_at: number;
  /** When they first signed in: a user whom only a policy names has not. */
  joined_at: number | null;
  disabled_at: number | null;
  deleted_at: number | null;
}

/** A user's password. */
interface PasswordsTable {
  user_id: string;
  /** argon2id in PHC format. */
  hash: string;
  set_at: number;
}

/** A WebAuthn credential of a user. */
interface PasskeysTable {
  /** The credential's id, base64url. */
  id: string;
  user_id: string;
  /** COSE key, base64url. */
  public_key: string;
  /** What its authenticator counted last; 0 for one that does not count. */
  counter: number;
  /** JSON list, as the browser named them. */
  transports: string;
  created_at: number;
  used_at: number | null;
}

/** Who a user is at an OIDC provider. */
interface OutsideIdentitiesTable {
  issuer: string;
  subject: string;
  user_id: string;
  created_at: number;
}

/** A browser that somebody is signed in with. */
interface SessionsTable {
  id: string;
  /** SHA-256 of the cookie's value, hexadecimal. The value itself is nowhere but in the browser. */
  cookie_hash: string;
  user_id: string;
  /** `password`, `passkey`, `setup`, `invitation`, or the name of an OIDC provider. */
  how: string;
  address: string;
  agent: string;
  created_at: number;
  /** Written at most every few minutes. */
  used_at: number;
  expires_at: number;
  ended_at: number | null;
}

/** Secrets that are good once and soon over: SHA-256 of the secret, and what it stands for. */
interface OneTimeCodesTable {
  code_hash: string;
  purpose: string;
  /** Whom it is about: at most one code of a purpose is good for each; empty for nobody. */
  subject: string;
  /** JSON. */
  body: string;
  created_at: number;
  expires_at: number;
  spent_at: number | null;
}

/** A program that may act for somebody for a long time: a family of refresh tokens. */
interface LoginsTable {
  id: string;
  /** `oauth`: its refresh token changes at each use. `registry`: Docker keeps one token, which buys registry tokens only. */
  kind: "oauth" | "registry";
  /** `user:ID` or `serviceAccount:ID`. */
  principal: string;
  /** The service account key that it was made with, and ends with; empty for a user's. */
  key_id: string;
  /** The OAuth client: `waybill`, `docker`. */
  client_id: string;
  /** Space-separated; no token of it has more. */
  scopes: string;
  address: string;
  created_at: number;
  /** Written at most every few minutes. */
  used_at: number;
  expires_at: number;
  ended_at: number | null;
}

/** The refresh tokens of a login, of which one is good at a time. */
interface RefreshTokensTable {
  /** SHA-256, hexadecimal. */
  token_hash: string;
  login_id: string;
  /** Whose place it took; empty for the first. */
  follows: string;
  created_at: number;
  /** When it was traded for the next. */
  spent_at: number | null;
}

/** A device that waits for somebody to type its code (RFC 8628). */
interface DeviceCodesTable {
  code_hash: string;
  user_code_hash: string;
  client_id: string;
  scopes: string;
  address: string;
  created_at: number;
  expires_at: number;
  interval_seconds: number;
  polled_at: number;
  /** Who allowed it; empty while nobody has answered. */
  user_id: string;
  denied_at: number | null;
  /** What it was traded for. */
  login_id: string;
}
