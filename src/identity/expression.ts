import type { CelInput } from "@bufbuild/cel";

type Parsed = ReturnType<typeof import("@bufbuild/cel").parse>;
type Node = Parsed["expr"];
type Loop = Extract<Node["exprKind"], { case: "comprehensionExpr" }>["value"];

/** What an expression may use, and how large it may be: the evaluator itself knows no limits. */
export interface ExpressionLimits {
  /** Each variable with the fields that may be read of it; undefined where every field may. */
  readonly variables: Readonly<Record<string, readonly string[] | undefined>>;
  readonly charactersMax: number;
  /**
   * How many `all`, `exists`, `map` and `filter` it may have, none of them inside another. Without them the time of an
   * evaluation grows with the length of the text alone; patterns are RE2's, which is linear.
   */
  readonly loopsMax: number;
}

/** A CEL expression (cel.dev) that was found fit to be run. */
export interface Expression {
  /** Whether it reads `variable.field`. */
  mentions(variable: string, field: string): boolean;
  /** What it comes to; undefined where that is an error, which so never passes for `true`. */
  evaluate(variables: Record<string, CelInput>): unknown;
}

const bracketsMax = 20;
const depthMax = 100;

/** The refusal of an expression; the message is for whoever wrote it. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
}

/** Reads an expression once, to be evaluated many times. Throws ExpressionError. */
export async function compileExpression(text: string, limits: ExpressionLimits): Promise<Expression> {
  if (text.length > limits.charactersMax)
    throw new ExpressionError(`an expression may have ${limits.charactersMax} characters at most`);
  requireFlat(text);
  // Loaded by those only who have an expression at all.
  const { celEnv, isCelError, parse, plan } = await import("@bufbuild/cel");
  const { expr } = parsed(() => parse(text));
  const walk = new Walk(limits);
  walk.visit(expr, 0, false);
  const run = plan(celEnv(), expr) as (variables: Record<string, CelInput>) => unknown;
  return {
    mentions: (variable, field) => walk.read.has(`${variable}.${field}`),
    evaluate(variables) {
      try {
        const value = run(variables);
        return isCelError(value) ? undefined : value;
      } catch {
        return undefined;
      }
    },
  };
}

/** The parser descends once for each bracket: they are counted before it sees them. */
function requireFlat(text: string): void {
  let depth = 0;
  for (const character of text) {
    if ("([{".includes(character)) depth++;
    if (")]}".includes(character)) depth--;
    if (depth > bracketsMax) throw new ExpressionError(`an expression may have ${bracketsMax} brackets in each other`);
  }
}

function parsed(parse: () => Parsed): Parsed {
  try {
    return parse();
  } catch (error) {
    throw new ExpressionError(`this is no CEL expression: ${String((error as Error).message).slice(0, 200)}`);
  }
}

/** Looks at every node: what it reads, and that nothing in it is out of bounds. */
class Walk {
  readonly read = new Set<string>();
  readonly #limits: ExpressionLimits;
  readonly #local = new Set<string>();
  #loops = 0;

  constructor(limits: ExpressionLimits) {
    this.#limits = limits;
  }

  visit(node: Node | undefined, depth: number, inLoop: boolean): void {
    if (!node) return;
    if (depth > depthMax) throw new ExpressionError("the expression is nested too deeply");
    const { exprKind } = node;
    const each = (nodes: readonly (Node | undefined)[]) => {
      for (const child of nodes) this.visit(child, depth + 1, inLoop);
    };
    switch (exprKind.case) {
      case "constExpr":
        break;
      case "identExpr":
        this.#name(exprKind.value.name);
        break;
      case "selectExpr":
        this.#select(exprKind.value, depth, inLoop);
        break;
      case "callExpr":
        each([exprKind.value.target, ...exprKind.value.args]);
        break;
      case "listExpr":
        each(exprKind.value.elements);
        break;
      case "structExpr":
        if (exprKind.value.messageName !== "") throw new ExpressionError("an expression makes no messages here");
        for (const { keyKind, value } of exprKind.value.entries)
          each([keyKind.case === "mapKey" ? keyKind.value : undefined, value]);
        break;
      case "comprehensionExpr":
        this.#loop(exprKind.value, depth, inLoop);
        break;
      default:
        throw new ExpressionError("the expression has a part that is not taken here");
    }
  }

  #loop(loop: Loop, depth: number, inLoop: boolean): void {
    const { loopsMax } = this.#limits;
    if (inLoop || ++this.#loops > loopsMax) {
      throw new ExpressionError(
        loopsMax === 0 ? "all, exists, map and filter are not taken here" : "it has too many loops",
      );
    }
    for (const name of [loop.iterVar, loop.iterVar2, loop.accuVar]) this.#local.add(name);
    for (const child of [loop.iterRange, loop.accuInit, loop.loopCondition, loop.loopStep, loop.result]) {
      this.visit(child, depth + 1, true);
    }
  }

  #select({ operand, field }: { operand?: Node | undefined; field: string }, depth: number, inLoop: boolean): void {
    const variable = operand?.exprKind.case === "identExpr" ? operand.exprKind.value.name : undefined;
    if (variable === undefined || this.#local.has(variable)) {
      this.visit(operand, depth + 1, inLoop);
      return;
    }
    this.#known(variable);
    const fields = this.#limits.variables[variable];
    if (fields && !fields.includes(field)) {
      throw new ExpressionError(`there is no ${variable}.${field} here: there is ${this.#choice()}`);
    }
    this.read.add(`${variable}.${field}`);
  }

  /** A whole variable: only where any of its fields may be read. */
  #name(name: string): void {
    if (this.#local.has(name)) return;
    this.#known(name);
    if (this.#limits.variables[name]) throw new ExpressionError(`${name} is read by its fields: ${this.#choice()}`);
  }

  #known(name: string): void {
    if (Object.hasOwn(this.#limits.variables, name)) return;
    throw new ExpressionError(`there is no ${name} here: there is ${this.#choice()}`);
  }

  #choice(): string {
    return Object.entries(this.#limits.variables)
      .flatMap(([name, fields]) => fields?.map((field) => `${name}.${field}`) ?? [name])
      .join(", ");
  }
}
