import type { Reader, Writer } from "./schema.ts";

/** When an account last came with a key, and how: with the key itself as a password, or with a token that it signed for. */
export interface CredentialUse {
  readonly accountId: string;
  readonly keyId: string;
  readonly way: string;
  readonly lastUsedAt: number;
}

/** Notes uses; an older time never takes a newer one's place. */
export async function noteCredentialUses(write: Writer, uses: readonly CredentialUse[]): Promise<void> {
  for (const { accountId, keyId, way, lastUsedAt } of uses) {
    await write
      .insertInto("credential_uses")
      .values({ account_id: accountId, key_id: keyId, way, last_used_at: lastUsedAt })
      .onConflict((conflict) =>
        conflict
          .columns(["account_id", "key_id", "way"])
          .doUpdateSet({ last_used_at: lastUsedAt })
          .where("credential_uses.last_used_at", "<", lastUsedAt),
      )
      .execute();
  }
}

/** Uses of the keys of a project's accounts, with what is to be known about the key; the latest first. */
export async function listCredentialUses(read: Reader, projectId: string, limit: number) {
  return await read
    .selectFrom("credential_uses")
    .innerJoin("service_accounts", "service_accounts.id", "credential_uses.account_id")
    .innerJoin("service_account_keys", "service_account_keys.id", "credential_uses.key_id")
    .select([
      "service_accounts.email as email",
      "credential_uses.key_id as keyId",
      "way",
      "last_used_at as lastUsedAt",
      "service_account_keys.created_at as keyCreatedAt",
    ])
    .where("service_accounts.project_id", "=", projectId)
    .where("service_accounts.deleted_at", "is", null)
    .where("service_account_keys.deleted_at", "is", null)
    .orderBy("last_used_at", "desc")
    .limit(limit)
    .execute();
}

/** When an account last came with one of its keys, and how. */
export async function lastCredentialUse(read: Reader, accountId: string) {
  return await read
    .selectFrom("credential_uses")
    .select(["way", "last_used_at as lastUsedAt"])
    .where("account_id", "=", accountId)
    .orderBy("last_used_at", "desc")
    .limit(1)
    .executeTakeFirst();
}
