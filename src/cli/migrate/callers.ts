import { apiPath } from "../../client/administration.ts";
import { openAdministration, required, show } from "../administration.ts";
import { UsageError } from "../command.ts";
import type { MigrateInvocation } from "./migrate.ts";

type Use = { email: string; keyId: string; way: string; lastUseTime: string; keyCreateTime: string };

const keyDaysDefault = 90;
const dayMilliseconds = 24 * 60 * 60 * 1000;

/** `waybill migrate callers` */
export async function showCallers(invocation: MigrateInvocation): Promise<number> {
  const { values, context } = invocation;
  const project = required(values, "project", "my-project");
  const days = Number(values["key-days"] ?? keyDaysDefault);
  if (!Number.isInteger(days) || days < 0) throw new UsageError("--key-days is a whole number of days");
  const path = apiPath`/v1/projects/${project}/credentialUses`;
  const { uses } = await openAdministration(invocation).call<{ uses: Use[] }>("GET", path);
  const oldest = context.now() - days * dayMilliseconds;
  const callers = uses.filter(({ way, keyCreateTime }) => way !== "token" || Date.parse(keyCreateTime) <= oldest);
  const rows = callers.map(({ email, keyId, way, keyCreateTime, lastUseTime }) => [
    email,
    keyId,
    way,
    keyCreateTime,
    lastUseTime,
  ]);
  show(invocation, callers, { headings: ["ACCOUNT", "KEY_ID", "WAY", "KEY_CREATED_AT", "LAST_USED_AT"], rows });
  return 0;
}
