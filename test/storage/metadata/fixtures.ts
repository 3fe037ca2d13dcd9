/** Rows that tests need before they can ask their question. */
import { commitBlob } from "../../../src/storage/metadata/blobs.ts";
import type { ManifestRow } from "../../../src/storage/metadata/manifests.ts";
import { insertManifest } from "../../../src/storage/metadata/manifests.ts";
import type { Metadata } from "../../../src/storage/metadata/metadata.ts";
import { insertProject, type ProjectRow } from "../../../src/storage/metadata/projects.ts";
import { ensureRepository } from "../../../src/storage/metadata/repositories.ts";
import {
  insertServiceAccountKey,
  type ServiceAccountKeyRow,
} from "../../../src/storage/metadata/service-account-keys.ts";
import { insertServiceAccount, type ServiceAccountRow } from "../../../src/storage/metadata/service-accounts.ts";
import type { UploadRow } from "../../../src/storage/metadata/uploads.ts";

/** A time later than 32 bits hold. */
export const now = 1_790_000_000_123;

export function newId(): string {
  return Bun.randomUUIDv7();
}

export function digestOf(content: string | Uint8Array): string {
  return `sha256:${new Bun.CryptoHasher("sha256").update(content).digest("hex")}`;
}

export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Names whose order differs between bytes, UTF-16 units and most locales. */
export const namesInByteOrder: readonly string[] = [
  "0",
  "A",
  "B",
  "Z",
  "a",
  "a-b",
  "a.b",
  "a_b",
  "ab",
  "z",
  "é",
  "\uffee",
  "𝒳",
];

export function projectRow(change: Partial<ProjectRow> = {}): ProjectRow {
  const id = newId();
  return { id, name: `project-${id}`, displayName: "A project", createdAt: now, ...change };
}

export async function addProject(metadata: Metadata, change: Partial<ProjectRow> = {}): Promise<ProjectRow> {
  const project = projectRow(change);
  await metadata.write((write) => insertProject(write, project));
  return project;
}

export async function addRepository(metadata: Metadata, name = "image"): Promise<string> {
  const project = await addProject(metadata);
  return metadata.write((write) => ensureRepository(write, { location: "eu", projectId: project.id, name }, now));
}

export function accountRow(projectId: string, change: Partial<ServiceAccountRow> = {}): ServiceAccountRow {
  const id = newId();
  const email = `account-${id}@project.iam.waybill.internal`;
  const words = { displayName: "A machine", description: "It pulls", etag: "1" };
  return { id, projectId, email, ...words, createdAt: now, disabledAt: null, workloads: "", ...change };
}

export async function addAccount(metadata: Metadata, projectId: string): Promise<ServiceAccountRow> {
  const account = accountRow(projectId);
  await metadata.write((write) => insertServiceAccount(write, account));
  return account;
}

export function keyRow(serviceAccountId: string, change: Partial<ServiceAccountKeyRow> = {}): ServiceAccountKeyRow {
  const id = digestOf(newId()).slice(-40);
  const times = { createdAt: now, expiresAt: null, disabledAt: null, exposedAt: null };
  return { id, serviceAccountId, origin: "generated", publicKey: "-----BEGIN PUBLIC KEY-----", ...times, ...change };
}

export async function addKey(
  metadata: Metadata,
  serviceAccountId: string,
  change: Partial<ServiceAccountKeyRow> = {},
): Promise<ServiceAccountKeyRow> {
  const key = keyRow(serviceAccountId, change);
  await metadata.write((write) => insertServiceAccountKey(write, key));
  return key;
}

export async function addBlob(metadata: Metadata, repositoryId: string, digest = digestOf(newId())): Promise<string> {
  await metadata.write((write) => commitBlob(write, repositoryId, { digest, objectKey: newId(), size: 3 }, now));
  return digest;
}

export function manifestRow(repositoryId: string, change: Partial<ManifestRow> = {}): ManifestRow {
  const body = change.body ?? new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, id: newId() }));
  return {
    repositoryId,
    digest: digestOf(body),
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    artifactType: null,
    subjectDigest: null,
    imageSize: 12,
    createdAt: now,
    pushedBy: "user-1",
    body,
    ...change,
  };
}

/** Stores a manifest without references; answers its digest. */
export async function addManifest(metadata: Metadata, repositoryId: string): Promise<string> {
  const manifest = manifestRow(repositoryId);
  await metadata.write((write) => insertManifest(write, manifest, []));
  return manifest.digest;
}

export function uploadRow(projectId: string, change: Partial<UploadRow> = {}): UploadRow {
  const where = { location: "eu", projectId, repositoryName: "image" };
  return {
    id: newId(),
    ...where,
    principal: "user-1",
    objectKey: newId(),
    size: 0,
    createdAt: now,
    expiresAt: now + 1,
    ...change,
  };
}
