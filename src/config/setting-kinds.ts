// The kinds of values that a setting can have. Each is read from text (command line, environment) as from a file.
import { z } from "zod";
import { Secret } from "../sources/secret.ts";

/** Text with commas, or a list in a file; each item is checked. */
export function listOf<Item extends z.ZodType<string, string>>(item: Item) {
  const split = (text: string) =>
    text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "");
  return z
    .union([z.string().transform(split), z.array(z.string())])
    .pipe(z.array(item))
    .prefault("");
}

/** Whole numbers come as text from the command line and as numbers from a file. */
export const wholeNumber = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** There or not: as a flag it takes no value, elsewhere it is true or false. */
export function flag() {
  const stated = z.stringbool({ truthy: ["true"], falsy: ["false"] });
  return z.union([z.boolean(), stated], "is neither true nor false").register(kinds, { kind: "flag" });
}

/** What nobody may see. Each has a second form, NAME-file, that names a file which holds it. */
export function secret(check: z.ZodType<string, string> = z.string().min(1)) {
  return check.transform((text) => new Secret(text)).register(kinds, { kind: "secret" });
}

/** Which of these a setting is; undefined for any other. */
export function kindOf(setting: z.ZodType): "flag" | "secret" | undefined {
  let type = setting;
  while (type instanceof z.ZodOptional || type instanceof z.ZodDefault || type instanceof z.ZodPrefault) {
    type = type.unwrap() as z.ZodType;
  }
  return kinds.get(type)?.kind;
}

const kinds = z.registry<{ kind: "flag" | "secret" }>();
