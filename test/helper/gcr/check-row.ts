import { expect } from "bun:test";
import type { Expected, Outcome, Row } from "./row.ts";

/** What ours is expected to do: what upstream does, but for the documented difference. */
export function expectedOfOurs({ upstream, ours }: Row): Expected {
  if (ours === undefined) return upstream;
  return { ...upstream, ...ours, files: { ...upstream.files, ...ours.files } };
}

/** What upstream's later release is expected to do. */
export function expectedOfUpstream({ upstream, upstreamLater }: Row): Expected {
  return { ...upstream, ...upstreamLater, files: { ...upstream.files, ...upstreamLater?.files } };
}

/** Fails unless the program did what was expected: no output is expected where none is named. */
export function check(outcome: Outcome, { exitCode, stdout = "", stderr = "", files = {} }: Expected): void {
  const said = `stdout: ${outcome.stdout}\nstderr: ${outcome.stderr}`;
  expect(outcome.exitCode, said).toBe(exitCode);
  checkText(outcome.stdout, stdout, said);
  checkText(outcome.stderr, stderr, said);
  for (const [name, text] of Object.entries(files)) checkText(outcome.files[name], text, name);
}

function checkText(actual: string | undefined, expected: string | RegExp | undefined, what: string): void {
  if (expected instanceof RegExp) expect(actual ?? "", what).toMatch(expected);
  else if (expected === undefined) expect(actual, what).toBeUndefined();
  else expect(actual, what).toBe(expected);
}
