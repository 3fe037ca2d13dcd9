import { sign, verify } from "node:crypto";
import type { SigningKey } from "../identity/signing-keys.ts";
import type { AuditCheckpointRow } from "../storage/metadata/audit-checkpoints.ts";

/** Where a chain ends. */
export interface Head {
  readonly node: string;
  readonly segment: number;
  readonly sequence: number;
  readonly hash: string;
}

/** What a checkpoint says. */
export interface CheckpointStatement extends Head {
  readonly installation: string;
  readonly at: number;
  /** Nothing follows in this segment. */
  readonly closed: boolean;
}

export function signCheckpoint(
  key: SigningKey,
  installation: string,
  { node, segment, sequence, hash }: Head,
  at: number,
  closed: boolean,
): AuditCheckpointRow {
  const said: CheckpointStatement = { installation, node, segment, sequence, hash, at, closed };
  const statement = JSON.stringify(said);
  const signature = sign(null, Buffer.from(statement), key.privateKey).toString("base64url");
  return { node, segment, sequence, at, statement, keyId: key.id, signature };
}

/** What a checkpoint says, where its signature is one of these keys'. */
export function readCheckpoint(
  row: Pick<AuditCheckpointRow, "statement" | "keyId" | "signature">,
  keys: ReadonlyMap<string, SigningKey["publicKey"]>,
): CheckpointStatement | undefined {
  const key = keys.get(row.keyId);
  if (!key || !verify(null, Buffer.from(row.statement), key, Buffer.from(row.signature, "base64url"))) return undefined;
  return JSON.parse(row.statement) as CheckpointStatement;
}
