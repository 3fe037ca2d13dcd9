import { describe, expect, test } from "bun:test";
import { compileExpression, ExpressionError, type ExpressionLimits } from "../../src/identity/expression.ts";

const limits: ExpressionLimits = {
  variables: { resource: ["name", "type"], assertion: undefined },
  charactersMax: 500,
  loopsMax: 1,
};
const sample = { resource: { name: "projects/shop", type: "project" }, assertion: { sub: "a", groups: ["x", "y"] } };

describe("an expression is evaluated", () => {
  test.each([
    ['resource.name.startsWith("projects/")', true],
    ['resource.type == "repository" || resource.name == "projects/shop"', true],
    ["'y' in assertion.groups", true],
    ["assertion.groups.exists(each, each == 'z')", false],
    ["has(assertion.email)", false],
    ["resource.name.matches('^(a+)+$')", false],
    ["assertion.sub + '!'", "a!"],
    // An error is no value, and above all not `true`.
    ["assertion.nothing.more", undefined],
    ["nonsense(1)", undefined],
    ["resource.constructor == 1 || true", ExpressionError],
    ["assertion.constructor == null", undefined],
    ["assertion.__proto__ == null", undefined],
  ])("%s", async (text, value) => {
    const compiled = compileExpression(text, limits);
    if (value === ExpressionError) return expect(compiled).rejects.toThrow(ExpressionError);
    expect((await compiled).evaluate(sample)).toEqual(value);
  });
});

describe("an expression is refused", () => {
  test.each([
    ["that is none", "resource.name ==", "no CEL expression"],
    ["with an unknown variable", "request.time == null", "there is no request"],
    ["with an unknown field", "resource.secret == 'a'", "there is no resource.secret"],
    ["with a whole variable where its fields count", "resource == resource", "read by its fields"],
    ["that is long", `'${"a".repeat(600)}' == ''`, "500 characters"],
    ["that is deep", `${"(".repeat(30)}true${")".repeat(30)}`, "brackets"],
    ["with more loops than one", "[1].exists(a, a > 0) && [1].exists(a, a > 0)", "too many loops"],
    ["with a loop in a loop", "[1].exists(a, [2].exists(b, b > a))", "too many loops"],
    ["that makes a message", "google.protobuf.Duration{seconds: 1}", "no messages"],
    ["with a function of a namespace", "math.least(1, 2) == 1", "there is no math"],
  ])("%s", async (_what, text, message) => {
    expect(compileExpression(text, limits)).rejects.toThrow(message);
  });
});

test("an expression knows what it reads", async () => {
  const expression = await compileExpression("assertion.sub == 'request.time' && resource.name == ''", limits);
  expect(expression.mentions("resource", "name")).toBe(true);
  expect(expression.mentions("request", "time")).toBe(false);
});
