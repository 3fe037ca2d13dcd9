import { z } from "zod";

/** What an image's configuration says of it (image-spec: Image Configuration). All of it is the pusher's word. */
export interface ImageConfig {
  /** `linux/arm64/v8`; absent where it does not say. */
  readonly platform: string | undefined;
  readonly author: string | undefined;
  readonly user: string | undefined;
  readonly workingDirectory: string | undefined;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly ports: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly history: readonly HistoryStep[];
}

/** One step of the build that made an image. */
export interface HistoryStep {
  readonly createdAt: number | undefined;
  readonly createdBy: string;
  readonly comment: string;
  /** It changed settings, and no layer belongs to it. */
  readonly isEmptyLayer: boolean;
}

/** A configuration that is larger is not read: real ones have a few KiB. */
export const configBytesMax = 1024 * 1024;

const text = z.string().catch("");
const texts = z.array(z.string()).catch([]);
const names = z.record(z.string(), z.unknown()).catch({});
const platformSchema = z.object({ os: text, architecture: text, variant: text });
const stepSchema = z.object({ created: text, created_by: text, comment: text, empty_layer: z.boolean().catch(false) });
const detailsSchema = z.object({
  User: text,
  WorkingDir: text,
  Entrypoint: texts,
  Cmd: texts,
  ExposedPorts: names,
  Labels: names,
});
const configSchema = z.object({
  ...platformSchema.shape,
  author: text,
  config: detailsSchema.catch(detailsSchema.parse({})),
  history: z.array(stepSchema).catch([]),
});

/** Reads a configuration. What is missing or malformed in it is left out; undefined where it is no JSON object. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig | undefined {
  const parsed = configSchema.safeParse(parseJson(bytes));
  if (!parsed.success) return undefined;
  const { config, history, author } = parsed.data;
  return {
    platform: platformText(parsed.data),
    author: author || undefined,
    user: config.User || undefined,
    workingDirectory: config.WorkingDir || undefined,
    entrypoint: config.Entrypoint,
    command: config.Cmd,
    ports: Object.keys(config.ExposedPorts),
    labels: textsOf(config.Labels),
    history: history.map((step) => ({
      createdAt: timeOf(step.created),
      createdBy: step.created_by,
      comment: step.comment,
      isEmptyLayer: step.empty_layer,
    })),
  };
}

/** The platform of a descriptor in an index, or of a configuration: `linux/amd64`. */
export function platformOf(value: unknown): string | undefined {
  const parsed = platformSchema.safeParse(value);
  return parsed.success ? platformText(parsed.data) : undefined;
}

/** Those values of an object that are texts: annotations and labels are nothing else. */
export function textsOf(value: unknown): Record<string, string> {
  const entries = typeof value === "object" && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

function platformText({ os, architecture, variant }: z.infer<typeof platformSchema>): string | undefined {
  const parts = [os, architecture, variant].filter((part) => part !== "");
  return parts.length === 0 ? undefined : parts.join("/").slice(0, 100);
}

function timeOf(text: string): number | undefined {
  const milliseconds = Date.parse(text);
  return Number.isFinite(milliseconds) ? milliseconds : undefined;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
