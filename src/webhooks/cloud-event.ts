import type { ImageChange } from "../registry/outbox.ts";

/** An event in CloudEvents 1.0, structured mode: the JSON of application/cloudevents+json. */
export interface CloudEvent {
  readonly specversion: "1.0";
  readonly id: string;
  /** The registry: `https://registry.example.com`. */
  readonly source: string;
  readonly type: "waybill.artifact.pushed" | "waybill.artifact.deleted";
  /** The artifact: `project/image@sha256:…`, or `project/image:tag`. */
  readonly subject: string;
  /** RFC 3339. */
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly data: Readonly<Record<string, string | number | readonly string[] | undefined>>;
}

/** What is told of a change. */
export function cloudEventOf(change: ImageChange, id: string, source: string): CloudEvent {
  const { repository, principal, at } = change;
  const common = { specversion: "1.0", id, source, time: new Date(at).toISOString() } as const;
  const where = { repository: repository.path, location: repository.location, project: repository.project };
  if (change.kind === "pushed") {
    const { digest, tags, mediaType, size } = change;
    return {
      ...common,
      type: "waybill.artifact.pushed",
      subject: `${repository.path}@${digest}`,
      datacontenttype: "application/json",
      data: { ...where, digest, tags, mediaType, size, principal },
    };
  }
  const { reference } = change;
  const named = reference.kind === "tag" ? { tag: reference.tag } : { digest: reference.digest };
  return {
    ...common,
    type: "waybill.artifact.deleted",
    subject: `${repository.path}${reference.kind === "tag" ? ":" : "@"}${named.tag ?? named.digest}`,
    datacontenttype: "application/json",
    data: { ...where, ...named, principal },
  };
}
