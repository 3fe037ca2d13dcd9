// npm run docs: docs/api.md, from the tables that the server answers by. A test compares it with what lies there.
import { join } from "node:path";
import type { Permission } from "../../src/access/permissions.ts";
import { roles } from "../../src/access/roles.ts";
import { doorsOf, type Faces } from "../../src/http/app.ts";
import { consoleRoutes } from "../../src/http/console/console-routes.ts";
import { googleRoutes } from "../../src/http/google/routes.ts";
import { doors, tables } from "./doors.ts";
import { specificationOf } from "./google-specification.ts";
import { imageRoutes } from "./image-routes.ts";

/** The page as Markdown. Throws where a door or a route is in no table here, or a table has one that is gone. */
export function apiReference(): string {
  checkDoors();
  return [
    intro,
    doorTable(),
    images,
    imageTable(),
    administration,
    googleTable(),
    console_,
    consoleTable(),
    roleIntro,
    roleTable(),
  ]
    .map((part) => part.trim())
    .join("\n\n")
    .concat("\n");
}

const intro = `
# API reference

Made by \`npm run docs\` from the tables that the server answers by; a test keeps it so.

Everything lies on one host and port. Errors have the form of their protocol: OCI's under \`/v2/\`, OAuth's at token endpoints, Google's under \`/v1/\`.
Where a permission stands, it is asked of policy, scope and the token's own access, all three; [roles](#roles) says who has it. What is not in these
tables is answered with 404.

## Doors
`;

const images = `
## Images

Credentials are a registry token of \`/v2/token\` as Bearer, or any credential as Basic. \`{name}\` begins with a project.
`;

const administration = `
## Administration

Credentials are an access token as Bearer. Where no permission stands, whoever is logged in may ask, and is told what they may know; acting for an
account asks the account's policy (\`iam.serviceAccounts.getAccessToken\` and its like).
`;

const console_ = `
## Console

Pages and forms for people who are signed in, by a session cookie; forms carry a token of the session. A page without a permission shows each visitor what
the API would tell them.
`;

const roleIntro = `
## Roles

Which role has which permission. Custom roles of a project add to these.
`;

function checkDoors(): void {
  const real = doorsOf({} as Faces).map(({ path }) => path);
  const told = [...Object.keys(doors), ...Object.keys(tables)];
  const untold = real.filter((path) => !told.includes(path));
  const gone = told.filter((path) => !real.includes(path));
  if (untold.length + gone.length > 0) {
    throw new Error(`scripts/api/doors.ts: not told: ${untold.join(", ")}; gone: ${gone.join(", ")}`);
  }
}

function doorTable(): string {
  const rows = doorsOf({} as Faces).map(({ path }) => {
    const text = doors[path];
    if (!text) return [code(path), "", "", `[${tables[path]}](#${tables[path]?.toLowerCase()})`, ""];
    return [code(path), text.methods, text.who, text.what, text.specification];
  });
  return table(["path", "methods", "who", "what", "specification"], rows);
}

function imageTable(): string {
  const rows = Object.values(imageRoutes).flat();
  return table(
    ["method", "path", "permission", "specification"],
    rows.map((row) => [row.methods, code(row.path), row.permission, row.specification]),
  );
}

function googleTable(): string {
  return table(
    ["method", "path", "permission", "specification"],
    googleRoutes.map(({ method, pattern, permission }) => [
      method,
      code(pattern),
      permissionText(permission),
      specificationOf(pattern),
    ]),
  );
}

function consoleTable(): string {
  return table(
    ["method", "path", "permission"],
    consoleRoutes.map(({ method, pattern, permission }) => [method, code(pattern), permissionText(permission)]),
  );
}

function roleTable(): string {
  const asked = new Set([...googleRoutes, ...consoleRoutes].flatMap(({ permission }) => permission ?? []));
  const rows = [...asked].sort().map((permission) => [code(permission), holders(permission)]);
  return table(["permission", "roles"], rows);
}

function holders(permission: Permission): string {
  const names = [...roles.values()]
    .filter((role) => role.permissions.has(permission))
    .map(({ name }) => name.replace("roles/", ""));
  return names.map(code).join(", ");
}

function permissionText(permission: Permission | undefined): string {
  return permission === undefined ? "" : code(permission);
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

if (import.meta.main) await Bun.write(join(import.meta.dir, "../../docs/api.md"), apiReference());
