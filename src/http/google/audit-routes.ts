import { z } from "zod";
import type { Permission } from "../../access/permissions.ts";
import { whatIf } from "../../access/what-if.ts";
import { type Filter, FilterError, parseFilter } from "../../audit/filter.ts";
import type { AuditAnswer, AuditLine } from "../../audit/reader.ts";
import type { SegmentReport } from "../../audit/verify.ts";
import { invalidField } from "./api-error.ts";
import { nextPageToken, pageQuery, parsePage } from "./page.ts";
import { policySchema } from "./policy-routes.ts";
import { type ApiCall, type Route, route } from "./route.ts";

const read: Permission = "logging.logEntries.list";
const entriesPerPageMax = 1000;
/** One of them may have a hundred thousand entries to be hashed. */
const segmentsPerPageMax = 5;
/** Less than a client or a proxy waits for an answer. */
const waitSecondsMax = 20;
const dayMilliseconds = 24 * 60 * 60 * 1000;

const entriesQuery = z.strictObject({
  ...pageQuery,
  filter: z.string().max(2000).optional(),
  orderBy: z.enum(["timestamp", "timestamp desc"], "may be timestamp or timestamp desc").optional(),
  waitSeconds: z
    .string()
    .regex(/^[0-9]{1,2}$/, "is not a number of seconds")
    .transform(Number)
    .optional(),
});
const replayBody = z.strictObject({ policy: policySchema });
const segmentsQuery = z.strictObject(pageQuery);
type EntriesQuery = z.infer<typeof entriesQuery>;

/** The audit log: of a project for who may see it there, or of the whole server. */
export const auditRoutes: readonly Route[] = [
  route({
    method: "GET",
    pattern: "/v1/projects/{project}/logEntries",
    target: "project",
    permission: read,
    query: entriesQuery,
    handle: async (call) => await listEntries(call, call.found.project.id),
  }),
  route({
    method: "GET",
    pattern: "/v1/logEntries",
    target: "server",
    permission: read,
    query: entriesQuery,
    handle: async (call) => await listEntries(call, undefined),
  }),
  route({
    method: "POST",
    pattern: "/v1/projects/{project}:testPolicyReplay",
    target: "project",
    permission: read,
    body: replayBody,
    handle: replay,
  }),
  route({
    method: "GET",
    pattern: "/v1/logSegments",
    target: "server",
    permission: read,
    query: segmentsQuery,
    handle: verifySegments,
  }),
];

/**
 * A page of entries. `waitSeconds` waits where there is none yet; with `orderBy=timestamp`, `followToken` goes on after the
 * newest entry that this page looked at, whether there is more yet or not.
 */
async function listEntries(
  { services, context, query }: Pick<ApiCall<"server", unknown, EntriesQuery>, "services" | "context" | "query">,
  projectId: string | undefined,
) {
  const page = parsePage(query, entriesPerPageMax);
  const newestFirst = query.orderBy !== "timestamp";
  const filter = filterOf(query.filter);
  const after = page.after === "" ? undefined : Number(page.after);
  const ask = () => services.audit.read({ projectId, filter, after, newestFirst, limit: page.limit });
  const waitUntil = services.now() + Math.min(query.waitSeconds ?? 0, waitSecondsMax) * 1000;
  if (query.waitSeconds) context.waitForUs();
  for (;;) {
    const news = query.waitSeconds ? services.audit.news(1000) : undefined;
    const answer = await ask();
    if (answer.lines.length > 0 || answer.next !== undefined || !news || services.now() >= waitUntil) {
      return entriesJson(answer, page.after);
    }
    if (!(await news)) return entriesJson(answer, page.after);
  }
}

function filterOf(text: string | undefined): Filter | undefined {
  try {
    return text ? parseFilter(text) : undefined;
  } catch (error) {
    if (error instanceof FilterError) throw invalidField("filter", error.message);
    throw error;
  }
}

function entriesJson({ lines, next, newest }: AuditAnswer, after: string) {
  const token = (id: string) => nextPageToken([id], { after: "", limit: 1 }).nextPageToken;
  return {
    ...(lines.length > 0 && { entries: lines.map(entryJson) }),
    ...(next !== undefined && { nextPageToken: token(String(next)) }),
    followToken: token(newest === undefined ? after || "0" : String(newest)),
  };
}

/** What is hashed comes last and in its own order, so that a reader can hash it again. */
function entryJson({ id, hash, entry }: AuditLine) {
  return { insertId: String(id), timestamp: new Date(Number(entry.at)).toISOString(), hash, ...entry };
}

async function verifySegments({ services, query }: ApiCall<"server", unknown, z.infer<typeof segmentsQuery>>) {
  const page = parsePage(query, segmentsPerPageMax);
  const [node = "", segment = "0"] = page.after.split("/");
  const after = page.after === "" ? undefined : { node, segment: Number(segment) };
  const reports: SegmentReport[] = await services.audit.verify(after, page.limit);
  const names = reports.map((report) => `${report.node}/${report.segment}`);
  return { ...(reports.length > 0 && { segments: reports }), ...nextPageToken(names, page) };
}

/** What the project's last 30 days would have been under this policy. */
async function replay({ services, found, body }: ApiCall<"project", z.infer<typeof replayBody>, unknown>) {
  await services.audit.writeUses();
  const { cutOff, unused, uses, incomplete } = await whatIf(services, found.project.id, body.policy.bindings);
  return {
    cutOff: cutOff.map(({ lastDay, ...each }) => ({ ...each, lastUseDate: dateOf(lastDay) })),
    unusedBindings: unused,
    usesReplayed: uses,
    ...(incomplete && { incomplete }),
  };
}

function dateOf(day: number): string {
  return new Date(day * dayMilliseconds).toISOString().slice(0, "2026-11-24".length);
}
