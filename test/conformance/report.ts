/** What the conformance program's closing report says, read with distrust: a report without its lines is a failure. */
export interface Report {
  /** How many checks passed. */
  readonly passed: number;
  /** Everything that did not. */
  readonly faults: string[];
}

/** distribution-spec lets a registry refuse an index whose images it does not have. */
const mayBeDisabled = new Set(["Sparse Manifests"]);

/** Reads `name....: value` lines: first the counts, then a verdict for each capability and each kind of data. */
export function readReport(output: string): Report {
  const lines = [...output.matchAll(/^ {2}(\S.*?)\.+: +(\S+)$/gm)].map(([, name = "", value = ""]) => ({
    name,
    value,
  }));
  const countOf = (name: string) => Number(lines.find((line) => line.name === name)?.value ?? Number.NaN);
  const faults: string[] = [];
  for (const count of ["Skip", "FAIL", "Error"]) {
    if (countOf(count) !== 0) faults.push(`${count}: ${countOf(count)}`);
  }
  const verdicts = lines.filter(({ value }) => /^[A-Za-z]+$/.test(value));
  for (const { name, value } of verdicts) {
    if (value !== "Pass" && !(value === "Disabled" && mayBeDisabled.has(name))) faults.push(`${name}: ${value}`);
  }
  const passed = countOf("Pass");
  if (!(passed > 0) || verdicts.length < verdictsMin) faults.push(`the report is not whole:\n${output.slice(-2000)}`);
  return { passed, faults };
}

/** The program that is pinned has 52. */
const verdictsMin = 50;
