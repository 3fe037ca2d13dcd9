/** How much memory a registry takes while many slow clients are at it. */
import { readFileSync, writeFileSync } from "node:fs";
import { type Image, pushBlob } from "./client.ts";
import { rounded } from "./comparison.ts";
import { ContentMaker } from "./content.ts";
import type { Target } from "./servers.ts";
import { Wire } from "./wire.ts";

const clientsEachWay = 64;
const pace = { bytesPerSecond: 2_000_000 };
const uploadBytes = 10_000_000;
const residentGoal = 150_000_000;

/** 64 slow uploads and 64 slow downloads at the same time. */
export async function memoryLines(target: Target, { repository, layer }: Image, quick: boolean): Promise<object> {
  const before = resident(target.pid, "VmRSS");
  // The peak so far is forgotten (proc(5), clear_refs).
  writeFileSync(`/proc/${target.pid}/clear_refs`, "5");
  const maker = new ContentMaker(uploadBytes);
  const downloads = await open(target.origin, target.readAuthorization);
  const uploads = await open(target.origin, target.pushAuthorization);
  const downloading = downloads.map((wire) =>
    wire.send({ method: "GET", path: `/v2/${repository}/blobs/${layer.digest}` }).catch(() => {}),
  );
  await Promise.all(
    uploads.map((wire) =>
      pushBlob(wire, `bench/${crypto.randomUUID()}`, maker.unique(), quick ? "monolithic" : "chunked"),
    ),
  );
  const peak = resident(target.pid, "VmHWM");
  for (const wire of [...downloads, ...uploads]) wire.close();
  void downloading;
  return {
    what: `resident memory, ${clientsEachWay} uploads and ${clientsEachWay} downloads of ${pace.bytesPerSecond / 1e6} MB/s each`,
    contender: target.name,
    unit: "MB",
    before: rounded(before / 1e6),
    peak: rounded(peak / 1e6),
    ...(target.name === "waybill" && { goal: residentGoal / 1e6, reached: peak <= residentGoal }),
  };
}

function open(origin: string, authorization: string): Promise<Wire[]> {
  const headers: Record<string, string> = authorization === "" ? {} : { authorization };
  return Promise.all(Array.from({ length: clientsEachWay }, () => Wire.open(origin, headers, pace)));
}

function resident(pid: number, field: "VmRSS" | "VmHWM"): number {
  const [, kilobytes] =
    new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}
