import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { Secret } from "../sources/secret.ts";

export const eventKinds = ["push", "delete"] as const;

/** Who is told of what. */
export interface Receiver {
  readonly name: string;
  readonly url: string;
  /** The key of the signature: 24 to 64 bytes, in base64 with `whsec_` before it. */
  readonly secret: Secret;
  readonly events: readonly (typeof eventKinds)[number][];
  /** Names of projects; absent for all. */
  readonly projects: readonly string[] | undefined;
}

const receiverSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, "is lower-case letters, digits and -"),
  url: z.url({ protocol: /^https?$/ }),
  "secret-file": z.string().min(1),
  events: z.array(z.enum(eventKinds)).min(1).optional(),
  projects: z.array(z.string().min(1)).min(1).optional(),
});

const receiversSchema = z.array(receiverSchema).max(50);

/** Reads the operator's list and the files of secrets that it names, from its folder. Throws an Error that names what is wrong. */
export function readReceivers(file: string): readonly Receiver[] {
  const parsed = receiversSchema.safeParse(Bun.YAML.parse(readFileSync(file, "utf8")));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`${issue?.path.join(".") || "the list"}: ${issue?.message}`);
  }
  if (new Set(parsed.data.map(({ name }) => name)).size < parsed.data.length)
    throw new Error("two receivers have one name");
  return parsed.data.map(({ name, url, events = eventKinds, projects, "secret-file": secretFile }) => {
    const secret = readFileSync(resolve(dirname(file), secretFile), "utf8").trim();
    if (signingKey(secret) === undefined)
      throw new Error(`${name}: ${secretFile} is not whsec_ and 24 to 64 bytes in base64`);
    return { name, url, events, projects, secret: new Secret(secret) };
  });
}

/** The bytes of a secret in Standard Webhooks' form; undefined for anything else. */
export function signingKey(secret: string): Buffer | undefined {
  const text = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret)?.[1];
  const key = text === undefined ? undefined : Buffer.from(text, "base64");
  return key !== undefined && key.length >= 24 && key.length <= 64 ? key : undefined;
}
