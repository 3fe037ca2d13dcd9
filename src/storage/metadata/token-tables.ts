/** What tokens are signed with, and which no longer count. */
export interface TokenTables {
  readonly signing_keys: SigningKeysTable;
  readonly spent_assertions: SpentAssertionsTable;
  readonly revoked_tokens: RevokedTokensTable;
  readonly seen_places: SeenPlacesTable;
  readonly account_signing_keys: AccountSigningKeysTable;
}

interface SigningKeysTable {
  /** The `kid` of tokens signed with it. */
  id: string;
  /** The one kind of token that this key signs. */
  use: string;
  algorithm: string;
  /** PKCS#8 PEM. */
  private_key: string;
  created_at: number;
  /** Null while it waits for its turn. */
  signs_from: number | null;
  /** Since when it only verifies. */
  superseded_at: number | null;
  retired_at: number | null;
}

/** Assertions with a `jti`, each good for one use, until they would have expired anyway. */
interface SpentAssertionsTable {
  key_id: string;
  jti: string;
  expires_at: number;
}

/** Access tokens that ended before their time, until they would have expired anyway. */
interface RevokedTokensTable {
  jti: string;
  expires_at: number;
}

/** From where each credential was used. */
interface SeenPlacesTable {
  principal: string;
  credential: string;
  network: string;
  first_at: number;
}

/** With what this server signs in an account's name. */
interface AccountSigningKeysTable {
  id: string;
  service_account_id: string;
  /** PKCS#8 PEM. */
  private_key: string;
  created_at: number;
}
