import { compileExpression, type Expression, type ExpressionLimits } from "../identity/expression.ts";
import type { ConditionAttributes } from "./resource.ts";

/** Google's `expr` message: what a binding's condition is written as. */
export interface ConditionText {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly expression: string;
}

/** A condition that can be asked. */
export interface Condition {
  /** Whether the answer may be another one later, with nothing changed but the clock. */
  readonly readsTime: boolean;
  /** Whether the answer depends on what is reached. */
  readonly readsResource: boolean;
  /** An expression that fails does not hold. @param now milliseconds since 1970 */
  holds(resource: ConditionAttributes, now: number): boolean;
}

/** IAM's attributes, as far as an image registry has what they speak of. Loops are not taken, so time is bounded by length. */
const limits: ExpressionLimits = {
  variables: { request: ["time"], resource: ["name", "type", "service"] },
  charactersMax: 1000,
  loopsMax: 0,
};
const compiledMax = 1000;

/** Conditions by their text, each compiled once. */
export class Conditions {
  readonly #compiled = new Map<string, Condition>();

  /** @param json the `expr` object as a binding holds it; undefined where it cannot be read, which then grants nothing */
  async read(json: string): Promise<Condition | undefined> {
    const known = this.#compiled.get(json);
    if (known) return known;
    try {
      const { expression } = JSON.parse(json) as ConditionText;
      const condition = await compileCondition(expression);
      if (this.#compiled.size >= compiledMax) this.#compiled.clear();
      this.#compiled.set(json, condition);
      return condition;
    } catch {
      return undefined;
    }
  }
}

/** Throws ExpressionError; its message is for whoever wrote the condition. */
export async function compileCondition(text: string): Promise<Condition> {
  const expression = await compileExpression(text, limits);
  const { timestampFromMs } = await import("@bufbuild/protobuf/wkt");
  const readsTime = expression.mentions("request", "time");
  return {
    readsTime,
    readsResource: ["name", "type", "service"].some((field) => expression.mentions("resource", field)),
    holds: ({ name, type, service }, now) => {
      const request = readsTime ? { time: timestampFromMs(now) } : {};
      return ask(expression, { request, resource: { name, type, service } }) === true;
    },
  };
}

function ask(expression: Expression, variables: Parameters<Expression["evaluate"]>[0]): unknown {
  return expression.evaluate(variables);
}
