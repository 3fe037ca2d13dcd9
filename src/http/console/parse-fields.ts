import type { z } from "zod";
import { ConsoleError } from "./answer-console-error.ts";

/** Checks what a form or an address brought. Throws where it is not what the page's own form would send. */
export function parseFields<T>(schema: z.ZodType<T>, fields: Readonly<Record<string, string>>): T {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new ConsoleError(400, "That was not done", `${issue?.path.join(".") || "The form"}: ${issue?.message}`);
}
