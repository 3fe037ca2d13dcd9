import { html } from "hono/html";
import { z } from "zod";
import { type AuditEntry, type Filter, FilterError, parseFilter } from "../../../audit/filter.ts";
import type { AuditLine } from "../../../audit/reader.ts";
import { ConsoleError } from "../answer-console-error.ts";
import { type ConsoleCall, type ConsoleRoute, consoleRoute } from "../console-route.ts";
import { type Html, projectUrl, renderPage } from "../page.ts";
import { select } from "../parts/form.ts";
import { nextPage } from "../parts/pager.ts";
import { table } from "../parts/table.ts";
import { timeAgo } from "../parts/time.ts";
import { entryText, isRefusal, whoText } from "./entry-text.ts";
import { refusedCard } from "./refused-card.ts";

const entriesPerPage = 50;
const followSeconds = 2;
const topics = {
  all: { label: "Everything", has: () => true },
  refused: { label: "What was refused", has: isRefusal },
  changes: { label: "Changes", has: ({ kind }: AuditEntry) => kind === "administration" || kind === "session" },
  images: { label: "Images", has: ({ kind }: AuditEntry) => String(kind).startsWith("image.") },
  tokens: { label: "Tokens", has: ({ kind }: AuditEntry) => String(kind).startsWith("token.") },
} as const;

const query = z.object({
  topic: z.enum(Object.keys(topics) as [keyof typeof topics, ...(keyof typeof topics)[]]).catch("all"),
  filter: z.string().trim().max(2000).default(""),
  after: z
    .string()
    .regex(/^[0-9]{1,15}$/)
    .optional()
    .catch(undefined),
  follow: z.literal("on").optional().catch(undefined),
});
const permission = "logging.logEntries.list";

/** The audit log: of a project, and of the whole server for those who may see that. */
export const activityRoutes: readonly ConsoleRoute[] = [
  consoleRoute({
    method: "GET",
    pattern: "/console/projects/{project}/activity",
    target: "project",
    permission,
    query,
    handle: async (call) => await show(call, call.found.project),
  }),
  consoleRoute({
    method: "GET",
    pattern: "/console/activity",
    target: "server",
    permission,
    query,
    handle: async (call) => await show(call, undefined),
  }),
];

type Call = Pick<ConsoleCall<"server", unknown, z.infer<typeof query>>, "services" | "viewer" | "query">;

async function show(
  call: Call,
  project: { readonly id: string; readonly name: string } | undefined,
): Promise<Response> {
  const { services, viewer, query } = call;
  const url = project ? projectUrl(project.name, "/activity") : "/console/activity";
  const { lines, next } = await services.audit.read({
    projectId: project?.id,
    filter: filterOf(query),
    after: query.after === undefined ? undefined : Number(query.after),
    newestFirst: true,
    limit: entriesPerPage,
  });
  const following = query.follow === "on" && query.after === undefined;
  const older = next === undefined ? undefined : nextPage(`${url}?${paramsOf(query)}`, String(next), "Older");
  const follow = following && html` data-follow="${followSeconds}"`;
  const body = html`<div class="title"><div><h1>Activity</h1><p class="soft">${project ? "What happened in this project" : "What happened on this server"}: tokens, refusals, changes, images.</p></div></div>
<div class="stack">${await refusedCard(services, project?.id, url)}
<section class="card">${filterForm(query, url)}</section>
<section class="card flush" id="entries"${follow}>${entryTable(lines, services.now())}${older}</section></div>`;
  return await renderPage({
    title: "Activity",
    body,
    viewer,
    project: project?.name,
    section: "activity",
    ...(following && { refreshSeconds: 5 }),
  });
}

function filterOf({ topic, filter: text }: z.infer<typeof query>): Filter {
  try {
    const filter = parseFilter(text);
    return { ...filter, matches: (entry) => topics[topic].has(entry) && filter.matches(entry) };
  } catch (error) {
    if (error instanceof FilterError) throw new ConsoleError(400, "That is no filter", error.message);
    throw error;
  }
}

function entryTable(lines: readonly AuditLine[], now: number): Html {
  if (lines.length === 0)
    return html`<div class="empty"><h2>Nothing here</h2><p>Nothing that happened matches.</p></div>`;
  const rows = lines.map(({ entry }) => {
    const { what, on, state } = entryText(entry);
    const { who, from } = whoText(entry);
    return [
      timeAgo(Number(entry.at), now),
      html`${state === "bad" ? html`<span class="state bad">Refused</span> ` : ""}${what}${on !== "" && html`<br><span class="soft small mono">${on}</span>`}`,
      html`${who}<br><span class="soft small">${from}</span>`,
    ];
  });
  return table("Activity", [{ label: "When" }, { label: "What" }, { label: "Who" }], rows);
}

function filterForm({ topic, filter, follow }: z.infer<typeof query>, url: string): Html {
  const options = Object.entries(topics).map(([name, { label }]) => [name, label] as const);
  return html`<form class="inline" action="${url}">${select("topic", "Show", options, topic)}
<label>Filter<input name="filter" value="${filter}" maxlength="2000" autocomplete="off" spellcheck="false" placeholder="principal:alice AND time>=2026-11-24"></label>
<label class="check"><input type="checkbox" name="follow" value="on"${follow === "on" ? html` checked` : ""}><span>Follow live</span></label><button>Show</button></form>`;
}

function paramsOf({ topic, filter }: z.infer<typeof query>): string {
  return new URLSearchParams({ topic, filter }).toString();
}
