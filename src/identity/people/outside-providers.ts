import { z } from "zod";

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, "is lower-case letters, digits and -")
  .describe("for addresses");

/** `https`, or this machine for a trial. */
const issuer = z
  .url({ protocol: /^https?$/ })
  .refine(
    (text) => text.startsWith("https:") || /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])[:/]/.test(`${text}/`),
    "must be https",
  );

/** An OIDC provider that people may sign in with. */
const providerSchema = z.strictObject({
  name,
  /** What the button says. */
  title: z.string().min(1).max(60),
  issuer,
  "client-id": z.string().min(1).max(500),
  "client-secret": z.string().min(1).max(500),
  /** Whose e-mails this provider speaks for: nobody else comes in through it. */
  domains: z.array(z.string().regex(/^[a-z0-9.-]+$/)).min(1),
});

export type OutsideProvider = z.infer<typeof providerSchema>;

const providersSchema = z.array(providerSchema).max(20);

/** Reads the operator's list of providers. Throws an Error that names what is wrong. */
export function parseOutsideProviders(value: unknown): readonly OutsideProvider[] {
  const parsed = providersSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`${issue?.path.join(".") || "the list"}: ${issue?.message}`);
  }
  const names = new Set(parsed.data.map((each) => each.name));
  if (names.size < parsed.data.length) throw new Error("two providers have one name");
  return parsed.data;
}
