import { type Administration, apiPath } from "../../client/administration.ts";
import { UsageError } from "../command.ts";

/** An entry as the server tells it. */
export interface Entry {
  readonly insertId: string;
  readonly timestamp: string;
  readonly kind: string;
  readonly who: { readonly principal: string };
  readonly from: { readonly address: string; readonly agent: string };
  readonly [field: string]: unknown;
}

export interface EntriesPage {
  readonly entries?: readonly Entry[];
  readonly nextPageToken?: string;
  /** Goes on from the end of this page, and at the first page of the newest from before all that is new. */
  readonly followToken?: string;
}

export interface Which {
  readonly project?: string | undefined;
  readonly filter?: string | undefined;
  readonly since?: string | undefined;
}

/** Asks for one page. */
export async function askEntries(
  administration: Administration,
  { project, filter }: Which,
  query: Readonly<Record<string, string>>,
): Promise<EntriesPage> {
  const path = project === undefined ? "/v1/logEntries" : apiPath`/v1/projects/${project}/logEntries`;
  const parameters = new URLSearchParams({ ...(filter !== undefined && filter !== "" && { filter }), ...query });
  return await administration.call<EntriesPage>("GET", `${path}?${parameters}`);
}

const unitMilliseconds: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `--since` as a part of the filter, in front of what `--filter` says. Throws UsageError. */
export function withSince({ project, filter, since }: Which, now: number): Which {
  if (since === undefined) return { project, filter };
  const ago = /^([0-9]{1,6})([smhd])$/.exec(since);
  const at = ago ? now - Number(ago[1]) * (unitMilliseconds[ago[2] ?? ""] ?? 0) : Date.parse(since);
  if (Number.isNaN(at)) throw new UsageError("--since is a time", "like 15m, 12h, 30d or 2026-11-24T12:00:00Z");
  const time = `time>=${new Date(at).toISOString()}`;
  return { project, filter: filter ? `${time} AND ${filter}` : time };
}
