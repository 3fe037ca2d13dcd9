import { readFileSync, statSync } from "node:fs";
import { Failure, messageOf } from "../sources/failure.ts";

const fileBytesMax = 1024 * 1024;

/** What a file says, in JSON or YAML: an object or a list. @param hint how to get such a file */
export function readYamlFile(path: string, hint: string): object {
  try {
    if (statSync(path).size > fileBytesMax) throw new Error(`it has more than ${fileBytesMax} bytes`);
    const value: unknown = Bun.YAML.parse(readFileSync(path, "utf8"));
    if (typeof value !== "object" || value === null) throw new Error("it is neither a list nor named values");
    return value;
  } catch (error) {
    throw new Failure(`${path} cannot be read: ${messageOf(error)}`, hint);
  }
}
