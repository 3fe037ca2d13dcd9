import { z } from "zod";

/**
 * What a project or a repository keeps, deletes and never changes, in Artifact Registry's own words: a policy file of
 * gcloud (a list), or the map of its API, is taken as it is. Absent fields of a repository are those of its project.
 */
export type Rules = z.infer<typeof rulesSchema>;
export type CleanupPolicy = NonNullable<Rules["cleanupPolicies"]>[number];
export type VersionCondition = NonNullable<CleanupPolicy["condition"]>;

const policiesMax = 50;
const prefixesMax = 100;
const actions = ["Keep", "Delete"] as const;
const tagStates = ["TAGGED", "UNTAGGED", "ANY"] as const;
const secondsPer: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, "is letters, digits, and _ . - between them");
const prefixes = z.array(z.string().min(1).max(256)).max(prefixesMax).optional();

/** `30d` or `2592000s`; kept as Google's JSON has it. */
const duration = z
  .string()
  .regex(/^[0-9]{1,9}[smhdw]$/, 'is a time like "30d", "12h" or "3600s"')
  .transform((text) => `${Number(text.slice(0, -1)) * (secondsPer[text.slice(-1)] ?? 1)}s`)
  .optional();

/** `Delete`, `DELETE`, or gcloud's `{"type": "Delete"}`. */
const action = z.preprocess(
  (value) => foldCase((value as { type?: unknown } | undefined)?.type ?? value, actions),
  z.enum(actions, 'is "Keep" or "Delete"'),
);

const condition = z
  .strictObject({
    tagState: z
      .preprocess((value) => foldCase(value, tagStates), z.enum(tagStates, "is TAGGED, UNTAGGED or ANY"))
      .default("ANY"),
    tagPrefixes: prefixes,
    packageNamePrefixes: prefixes,
    versionNamePrefixes: prefixes,
    olderThan: duration,
    newerThan: duration,
  })
  .refine(({ tagState, tagPrefixes }) => tagState !== "UNTAGGED" || !tagPrefixes, {
    path: ["tagPrefixes"],
    error: "cannot match what has no tag",
  });

const mostRecentVersions = z.strictObject({
  packageNamePrefixes: prefixes,
  keepCount: z.coerce.number().int().min(1).max(1_000_000),
});

const policy = z
  .strictObject({ name, action, condition: condition.optional(), mostRecentVersions: mostRecentVersions.optional() })
  .refine((each) => (each.condition === undefined) !== (each.mostRecentVersions === undefined), {
    error: "needs either a condition or mostRecentVersions",
  })
  .refine((each) => each.action === "Keep" || each.mostRecentVersions === undefined, {
    path: ["mostRecentVersions"],
    error: "goes with the action Keep",
  });

const policies = z
  .preprocess(namedPolicies, z.array(policy).max(policiesMax))
  .refine((list) => new Set(list.map((each) => each.name)).size === list.length, { error: "have a name each" });

/** A tag, in which `*` stands for any characters. */
const tagPattern = z.string().regex(/^[A-Za-z0-9_.*-]{1,128}$/, "is a tag, in which * stands for any characters");

const dockerConfig = z.strictObject({
  /** Every tag. */
  immutableTags: z.boolean().optional(),
  /** Only these tags; an addition of ours. */
  immutableTagPatterns: z.array(tagPattern).max(prefixesMax).optional(),
});

export const rulesSchema = z.strictObject({
  cleanupPolicies: policies.optional(),
  /** Cleanup says what it would delete, and deletes nothing. */
  cleanupPolicyDryRun: z.boolean().optional(),
  dockerConfig: dockerConfig.optional(),
});

/** The rules of a project with those of a repository over them, field by field. */
export function mergeRules(layers: readonly Rules[]): Rules {
  return Object.assign({}, ...layers);
}

function foldCase(value: unknown, words: readonly string[]): unknown {
  if (value === "TAG_STATE_UNSPECIFIED") return "ANY";
  return typeof value === "string"
    ? (words.find((word) => word.toLowerCase() === value.toLowerCase()) ?? value)
    : value;
}

/** The API's map from ids to policies as a list; each policy there repeats its id, or leaves it out. */
function namedPolicies(value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.entries(value).map(([key, each]) => {
    const { id, name: own, ...rest } = (each ?? {}) as { id?: unknown; name?: unknown };
    return { name: own ?? id ?? key, ...rest };
  });
}
