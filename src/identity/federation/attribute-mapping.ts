import type { CelInput } from "@bufbuild/cel";
import { compileExpression, type Expression, ExpressionError } from "../expression.ts";
import { IdentityError } from "../identity-error.ts";
import type { ProviderSettings } from "./provider-settings.ts";

/** Who a token's bearer is in our words. */
export interface MappedIdentity {
  readonly subject: string;
  readonly groups: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}

/** Reads claims as a provider was told to. Throws IdentityError for claims that it cannot read, or does not want. */
export type Mapping = (claims: Readonly<Record<string, unknown>>) => MappedIdentity;

const expressionCharactersMax = 2048;
const conditionCharactersMax = 4096;
const mappingsMax = 50;
const loopsMax = 2;
const target = /^(?:google\.(?:subject|groups)|attribute\.[a-z0-9_]{1,100})$/;
/** Google's limit for `google.subject`. */
const subjectBytesMax = 127;
const groupsMax = 40;
/** All of it is carried in every token. */
const identityCharactersMax = 4096;
const claimsDepthMax = 8;

/** Compiles a provider's mapping and condition. Throws ExpressionError. */
export async function compileMapping({
  attributeMapping,
  attributeCondition,
}: Pick<ProviderSettings, "attributeMapping" | "attributeCondition">): Promise<Mapping> {
  const entries = Object.entries(attributeMapping);
  if (entries.length > mappingsMax) throw new ExpressionError(`attributeMapping may have ${mappingsMax} entries`);
  if (!("google.subject" in attributeMapping)) {
    throw new ExpressionError('attributeMapping must say what google.subject is: {"google.subject": "assertion.sub"}');
  }
  const limits = { variables: { assertion: undefined }, charactersMax: expressionCharactersMax, loopsMax };
  const expressions: [string, Expression][] = [];
  for (const [name, text] of entries) {
    if (!target.test(name)) {
      throw new ExpressionError(
        `attributeMapping has google.subject, google.groups and attribute.NAME, not ${name.slice(0, 60)}`,
      );
    }
    expressions.push([name, await compileExpression(text, limits).catch(naming(name))]);
  }
  const condition =
    attributeCondition === ""
      ? undefined
      : await compileExpression(attributeCondition, {
          variables: { assertion: undefined, google: ["subject", "groups"], attribute: undefined },
          charactersMax: conditionCharactersMax,
          loopsMax,
        }).catch(naming("attributeCondition"));
  return (claims) => map(claims, expressions, condition);
}

function map(
  claims: Readonly<Record<string, unknown>>,
  expressions: readonly (readonly [string, Expression])[],
  condition: Expression | undefined,
): MappedIdentity {
  const assertion = toCel(claims, 0);
  const identity = { subject: "", groups: [] as string[], attributes: {} as Record<string, string> };
  for (const [name, expression] of expressions) {
    const value = expression.evaluate({ assertion });
    if (name === "google.groups") identity.groups = groupsOf(value);
    else if (typeof value !== "string") throw refused(`the token has nothing for ${name}`);
    else if (name === "google.subject") identity.subject = value;
    else identity.attributes[name.slice("attribute.".length)] = value;
  }
  requireBounded(identity);
  const { subject, groups, attributes } = identity;
  if (condition && condition.evaluate({ assertion, google: { subject, groups }, attribute: attributes }) !== true) {
    throw refused("the provider's attribute condition does not hold for this token");
  }
  return identity;
}

function groupsOf(value: unknown): string[] {
  const groups = isIterable(value) ? [...value] : undefined;
  if (groups?.every((each) => typeof each === "string") && groups.length <= groupsMax) return groups as string[];
  throw refused(`the token has no list of up to ${groupsMax} texts for google.groups`);
}

function requireBounded({ subject, groups, attributes }: MappedIdentity): void {
  const texts = [subject, ...groups, ...Object.values(attributes)];
  if (subject === "" || Buffer.byteLength(subject) > subjectBytesMax) {
    throw refused(`google.subject must have 1 to ${subjectBytesMax} bytes: map it to something shorter`);
  }
  if (texts.some((text) => /\p{Cc}/u.test(text))) throw refused("the token's texts have control characters");
  if (texts.reduce((sum, { length }) => sum + length, 0) > identityCharactersMax) {
    throw refused(`what is mapped may have ${identityCharactersMax} characters together`);
  }
}

/** Whole numbers are CEL's `int`, which JSON does not tell from others. What lies too deep is left out. */
function toCel(value: unknown, depth: number): CelInput {
  if (typeof value === "number") return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (depth >= claimsDepthMax || value === null || typeof value !== "object") return null;
  if (Array.isArray(value)) return value.map((each) => toCel(each, depth + 1));
  return new Map(Object.entries(value).map(([name, each]) => [name, toCel(each, depth + 1)]));
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.iterator in value;
}

function naming(name: string) {
  return (error: unknown): never => {
    throw error instanceof ExpressionError ? new ExpressionError(`${name}: ${error.message}`) : error;
  };
}

function refused(message: string): IdentityError {
  return new IdentityError("wrong_claims", message);
}
