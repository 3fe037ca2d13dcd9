// What the rows of section 1.3 are made of.
import { configFile, type Row, storeFile } from "./row.ts";

export const prefix = "docker-credential-gcr/helper: could not retrieve GCR's access token: ";
export const notFound = "credentials not found in native keychain\n";
export const decode =
  "docker-credential-gcr/store: failed to decode credentials from {HOME}/.config/gcloud/docker_credentials.json: ";
export const inAnHour = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+/, "");
export const longAgo = "2020-01-01T00:00:00Z";

export const storeOnly = { [configFile]: '{"TokenSources":["store"]}\n' };
export const sources = (...names: string[]) => ({ [configFile]: `${JSON.stringify({ TokenSources: names })}\n` });
export const login = (fields: unknown) => ({ ...storeOnly, [storeFile]: JSON.stringify({ gcrCreds: fields }) });
export const stored = (text: string) => ({ ...storeOnly, [storeFile]: text });

type More = Partial<Row> & { input?: string };

export const row = (what: string, argv: string[], upstream: Row["upstream"], more: More = {}): Row => ({
  section: "1.3",
  what,
  argv,
  upstream,
  ...more,
});

/** `get` for gcr.io that fails; the text is on standard output, and ours tells it on standard error too. */
export const failing = (what: string, text: string, more: More, ours: string | RegExp = `${prefix}${text}\n`): Row =>
  row(
    what,
    ["get"],
    { exitCode: 1, stdout: `${prefix}${text}\n` },
    { input: "gcr.io", ours: { stdout: ours, stderr: asPattern(ours), difference: 6 }, ...more },
  );

/** `get` for gcr.io where nobody is logged in. */
export const nobody = (what: string, text: string, more: More): Row =>
  row(
    what,
    ["get"],
    { exitCode: 1, stdout: `${prefix}${text}\n` },
    { input: "gcr.io", ours: { stdout: notFound, difference: 2 }, ...more },
  );

export function asPattern(text: string | RegExp): RegExp {
  if (text instanceof RegExp) return new RegExp(text.source.replace(/\$$/, ""));
  return new RegExp(`^${RegExp.escape(text)}`);
}

export const answer = (server: string, token: string) =>
  new RegExp(
    `^${RegExp.escape(`{"ServerURL":"${server}","Username":"_dcgcr_`)}[0-9_]+${RegExp.escape(`_token","Secret":"${token}"}`)}\n$`,
  );

export const refused = (stdout: string): Row["upstream"] => ({ exitCode: 1, stdout: `${stdout}\n` });
/** What docker gives `store`. */
export const credentials = (fields: Record<string, unknown>) => `${JSON.stringify(fields)}\n`;
export const typeText = "json: cannot unmarshal";
