import type { PoolRow } from "../../storage/metadata/workload-identity.ts";
import { ExpressionError } from "../expression.ts";
import { federatedKey } from "../federated.ts";
import { IdentityError } from "../identity-error.ts";
import { compileMapping, type MappedIdentity } from "./attribute-mapping.ts";
import type { IssuerKeys } from "./issuer-keys.ts";
import { type ProviderSettings, parseJson } from "./provider-settings.ts";
import { verifySubjectToken } from "./subject-token.ts";

/** One rule that a token was held against. */
export interface TrialStep {
  readonly rule: string;
  readonly passed: boolean;
  /** What came of it, or what is in the way. */
  readonly said: string;
}

/** What a provider makes of a token, rule by rule; nobody gets anything for it. */
export interface Trial {
  /** As the token has them, whether or not it is to be believed; undefined where it is no JWT. */
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  readonly steps: readonly TrialStep[];
  /** `principal://…`: who its bearer would be; undefined where a rule fails. */
  readonly principal: string | undefined;
}

/**
 * Holds a token against each rule of a provider. Rules after one that fails are tried as well, so that all that is wrong
 * shows at once.
 *
 * @param defaultAudience the provider's own name
 * @param now milliseconds
 */
export async function tryToken(
  jwt: string,
  pool: PoolRow,
  settings: ProviderSettings,
  { defaultAudience, keys, now }: { defaultAudience: string; keys: IssuerKeys; now: number },
): Promise<Trial> {
  const claims = claimsOf(jwt);
  const signed = await step(`Signed by ${settings.issuerUri} for this provider, and in time`, async () => {
    await verifySubjectToken(jwt, settings, defaultAudience, keys, now);
    return "the signature, the audience and the times are good";
  });
  if (!claims) return { claims, steps: [signed], principal: undefined };
  const steps = [signed];
  for (const [name, expression] of Object.entries(settings.attributeMapping)) {
    steps.push(await step(`${name} = ${expression}`, async () => await mapOne(settings, name, claims)));
  }
  let identity: MappedIdentity | undefined;
  const { attributeCondition } = settings;
  const whole = await step(attributeCondition === "" ? "All of it together" : attributeCondition, async () => {
    identity = (await compileMapping(settings))(claims);
    return attributeCondition === "" ? "the mapping gives an identity" : "the condition holds";
  });
  steps.push(whole);
  const principal = identity && signed.passed ? federatedKey(pool, identity.subject) : undefined;
  return { claims, steps, principal };
}

/** One rule by itself; a mapping must have a subject, which stands in where that is not the one that is tried. */
async function mapOne(
  { attributeMapping }: ProviderSettings,
  name: string,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const expression = attributeMapping[name] ?? "";
  const mapping = await compileMapping({
    attributeMapping: { "google.subject": name === "google.subject" ? expression : "'somebody'", [name]: expression },
    attributeCondition: "",
  });
  const { subject, groups, attributes } = mapping(claims);
  if (name === "google.subject") return subject;
  return name === "google.groups" ? groups.join(", ") : (attributes[name.slice("attribute.".length)] ?? "");
}

async function step(rule: string, run: () => Promise<string>): Promise<TrialStep> {
  try {
    return { rule, passed: true, said: await run() };
  } catch (error) {
    if (!(error instanceof IdentityError) && !(error instanceof ExpressionError)) throw error;
    return { rule, passed: false, said: error.message };
  }
}

function claimsOf(jwt: string): Record<string, unknown> | undefined {
  const claims = parseJson(Buffer.from(jwt.split(".", 2)[1] ?? "", "base64url").toString());
  return typeof claims === "object" && claims !== null && !Array.isArray(claims)
    ? (claims as Record<string, unknown>)
    : undefined;
}
