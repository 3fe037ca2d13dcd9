import { countDeliveries, listDeadDeliveries } from "../../storage/metadata/webhooks.ts";
import { UsageError } from "../command.ts";
import { answer, type OperationInvocation, withInstallation } from "../operations/place.ts";
import { formatTable } from "../table.ts";

const limitMax = 10_000;

/** `waybill server webhooks list` */
export async function list(invocation: OperationInvocation): Promise<number> {
  const counts = await withInstallation(invocation, ({ read }) => countDeliveries(read), { needsBlobs: false });
  const rows = counts.map(({ receiver, oldestAt, ...count }) => ({ receiver, ...count, oldest: timeOf(oldestAt) }));
  const cells = rows.map(({ receiver, waiting, dead, oldest }) => [receiver, `${waiting}`, `${dead}`, oldest]);
  const table = formatTable(["RECEIVER", "WAITING", "GIVEN UP", "OLDEST"], cells);
  answer(invocation, rows, rows.length === 0 ? "Nothing waits.\n" : table);
  return 0;
}

/** `waybill server webhooks dead-letters` */
export async function deadLetters(invocation: OperationInvocation<"limit">): Promise<number> {
  const limit = Number(invocation.values.limit ?? 100);
  if (!Number.isInteger(limit) || limit < 1 || limit > limitMax)
    throw new UsageError(`--limit cannot be ${JSON.stringify(invocation.values.limit)}`, `1 to ${limitMax}`);
  const dead = await withInstallation(invocation, ({ read }) => listDeadDeliveries(read, limit), { needsBlobs: false });
  const rows = dead.map(({ eventId, receiver, event, attempts, lastError, deadAt }) => {
    const { type, subject } = JSON.parse(event) as { type: string; subject: string };
    return { event: eventId, receiver, type, subject, attempts, error: lastError, givenUp: timeOf(deadAt ?? 0) };
  });
  const cells = rows.map((row) => [row.event, row.receiver, row.type, row.subject, row.givenUp, row.error]);
  const table = formatTable(["EVENT", "RECEIVER", "TYPE", "SUBJECT", "GIVEN UP", "ERROR"], cells);
  answer(invocation, rows, rows.length === 0 ? "Nothing was given up.\n" : table);
  return 0;
}

/** `waybill server webhooks retry` */
export async function retry(invocation: OperationInvocation): Promise<number> {
  const [event] = invocation.positionals;
  const count = await withInstallation(invocation, (place) => place.retryWebhooks(event), { needsBlobs: false });
  answer(invocation, { count }, `${count} to be told again.\n`);
  return 0;
}

function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}
