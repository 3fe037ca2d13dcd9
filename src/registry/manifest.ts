import { z } from "zod";
import type { ManifestReferenceRow } from "../storage/metadata/manifests.ts";
import { type Digest, isDigest } from "./digest.ts";
import { RegistryError } from "./registry-error.ts";

/** What a manifest says, as far as the registry needs to know; its bytes are kept as they came. */
export interface Manifest {
  readonly mediaType: string;
  readonly artifactType: string | undefined;
  readonly subject: Digest | undefined;
  readonly references: readonly ManifestReferenceRow[];
}

/** distribution-spec asks for 4 MB at least; what can be pushed can be pulled. */
export const manifestBytesMax = 4 * 1024 * 1024;

const image = "image";
const index = "index";
const forms: Readonly<Record<string, typeof image | typeof index>> = {
  "application/vnd.oci.image.manifest.v1+json": image,
  "application/vnd.docker.distribution.manifest.v2+json": image,
  "application/vnd.oci.image.index.v1+json": index,
  "application/vnd.docker.distribution.manifest.list.v2+json": index,
};

/** RFC 6838 names are ASCII; PostgreSQL has no text with a zero byte. */
const typeName = z
  .string()
  .max(255)
  .regex(/^[\x20-\x7e]*$/, "is not a media type");
const descriptor = z.object({
  mediaType: typeName,
  digest: z.string().refine(isDigest, "is not a digest"),
  size: z.number().int().nonnegative(),
  urls: z.array(z.string()).optional(),
});
type Descriptor = z.infer<typeof descriptor>;

const common = {
  schemaVersion: z.literal(2),
  mediaType: typeName.optional(),
  artifactType: typeName.optional(),
  subject: descriptor.optional(),
};
const imageSchema = z.object({
  ...common,
  config: descriptor,
  layers: z.array(descriptor),
  manifests: z.never().optional(),
});
const indexSchema = z.object({
  ...common,
  manifests: z.array(descriptor),
  config: z.never().optional(),
  layers: z.never().optional(),
});

/**
 * Reads a manifest. A document must be what its media type says and nothing else at once (CVE-2021-41190).
 * Throws MANIFEST_INVALID.
 *
 * @param contentType the request's media type, with or without parameters
 */
export function parseManifest(body: Uint8Array, contentType: string): Manifest {
  const declared = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const json = parseJson(body);
  const mediaType = declared === "" || declared === "application/json" ? mediaTypeOf(json) : declared;
  const form = forms[mediaType];
  if (!form) {
    throw invalid(
      `manifests of the type "${mediaType.slice(0, 80)}" are not stored here: push an OCI or Docker v2 one`,
    );
  }
  const parsed = form === image ? imageSchema.safeParse(json) : indexSchema.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`the manifest is not a valid ${mediaType}: ${issue?.path.join(".")} ${issue?.message}`);
  }
  const document = parsed.data;
  if (document.mediaType !== undefined && document.mediaType !== mediaType) {
    throw invalid(`the manifest says it is ${document.mediaType}, its Content-Type says ${mediaType}`);
  }
  const references = referencesOf(document);
  if (!Number.isSafeInteger(references.reduce((sum, { size }) => sum + size, 0))) {
    throw invalid("the sizes that the manifest names add up to more than anybody can store");
  }
  return {
    mediaType,
    artifactType: document.artifactType ?? document.config?.mediaType,
    subject: document.subject?.digest,
    references,
  };
}

/** Throws MANIFEST_TOO_LARGE. */
export function requireManifestSize(bytes: number): void {
  if (bytes <= manifestBytesMax) return;
  throw new RegistryError("MANIFEST_TOO_LARGE", `a manifest may have ${manifestBytesMax} bytes at most`);
}

/** Layers that lie elsewhere by design (image-spec: Non-distributable layers) need not be stored here. */
export function mayLieElsewhere({ kind, mediaType }: ManifestReferenceRow): boolean {
  return kind === "layer" && (mediaType.includes(".nondistributable.") || mediaType.includes(".foreign."));
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body));
  } catch {
    throw invalid("the manifest is not JSON");
  }
}

function mediaTypeOf(json: unknown): string {
  const { mediaType } = (json ?? {}) as { mediaType?: unknown };
  return typeof mediaType === "string" ? mediaType : "";
}

function referencesOf(document: z.infer<typeof imageSchema> | z.infer<typeof indexSchema>): ManifestReferenceRow[] {
  const reference = (kind: ManifestReferenceRow["kind"]) => (of: Descriptor) => {
    const { digest, mediaType, size } = of;
    return { kind, digest, mediaType, size };
  };
  return [
    ...(document.config ? [document.config].map(reference("config")) : []),
    ...(document.layers ?? []).map(reference("layer")),
    ...(document.manifests ?? []).map(reference("child")),
    ...(document.subject ? [document.subject].map(reference("subject")) : []),
  ];
}

function invalid(message: string): RegistryError {
  return new RegistryError("MANIFEST_INVALID", message);
}
