import { sign, verify } from "node:crypto";
import type { SigningKey } from "../identity/signing-keys.ts";
import type { AuditCheckpointRow } from "../storage/metadata/audit-checkpoints.ts";
import type { Link } from "./event.ts";

/** What a checkpoint says. */
export interface CheckpointStatement extends Link {
  readonly installation: string;
  readonly at: number;
  /** `end`: nothing follows in this segment. `dropped`: its time was over, and its entries went. */
  readonly state: "open" | "end" | "dropped";
}

/** Entries count from 1; under 0 is kept that there are none any more. */
export const droppedSequence = 0;

/** Says how far a chain had come. */
export function signCheckpoint(
  key: SigningKey,
  installation: string,
  { node, segment, sequence, hash }: Link,
  at: number,
  state: CheckpointStatement["state"],
): AuditCheckpointRow {
  const said: CheckpointStatement = { installation, node, segment, sequence, hash, at, state };
  const statement = JSON.stringify(said);
  const signature = sign(null, Buffer.from(statement), key.privateKey).toString("base64url");
  return {
    node,
    segment,
    sequence: state === "dropped" ? droppedSequence : sequence,
    at,
    statement,
    keyId: key.id,
    signature,
  };
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
