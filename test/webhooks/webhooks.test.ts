import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publicFetch } from "../../src/public-network.ts";
import type { ImageChange } from "../../src/registry/outbox.ts";
import { parseRepository } from "../../src/registry/repository.ts";
import { Secret } from "../../src/sources/secret.ts";
import type { Metadata } from "../../src/storage/metadata/metadata.ts";
import { openSqlite } from "../../src/storage/metadata/sqlite.ts";
import { countDeliveries, listDeadDeliveries, reviveDeliveries } from "../../src/storage/metadata/webhooks.ts";
import { type Receiver, readReceivers } from "../../src/webhooks/receivers.ts";
import { Webhooks } from "../../src/webhooks/webhooks.ts";
import { secret, startReceiver } from "./receiver.ts";

let folder: string;
let metadata: Metadata;
const clock = { now: Date.UTC(2026, 10, 25) };
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "waybill-webhooks-"));
  metadata = await openSqlite(join(folder, "metadata.sqlite"));
});
afterEach(async () => {
  await metadata.close();
  rmSync(folder, { recursive: true });
});

const digest = `sha256:${"a".repeat(64)}` as never;
const change = (project = "demo"): ImageChange => ({
  kind: "pushed",
  repository: parseRepository(`${project}/app`, "default"),
  projectId: "1",
  principal: "serviceAccount:1",
  at: clock.now,
  digest,
  tags: ["v1"],
});

function webhooks(receivers: readonly Partial<Receiver>[], fetch = (request: Request) => globalThis.fetch(request)) {
  const outcomes: string[] = [];
  const whole = receivers.map((receiver, index) => ({
    name: `r${index}`,
    url: "http://127.0.0.1:1/",
    events: ["push", "delete"] as const,
    projects: undefined,
    ...receiver,
    secret: new Secret(secret),
  }));
  const onAttempt = (outcome: string) => outcomes.push(outcome);
  const it = new Webhooks({ receivers: whole, source: "https://r.test", fetch, now: () => clock.now, onAttempt });
  return { it, outcomes };
}

describe("an event", () => {
  test("is in the database with its change, or not at all", async () => {
    const { it } = webhooks([{}]);
    const failed = metadata.write(async (write) => {
      await it.outbox(write, change());
      throw new Error("the push is refused");
    });
    await expect(failed).rejects.toThrow("refused");
    expect(await countDeliveries(metadata.read)).toEqual([]);
    await metadata.write((write) => it.outbox(write, change()));
    expect(await countDeliveries(metadata.read)).toMatchObject([{ receiver: "r0", waiting: 1, dead: 0 }]);
  });

  test("goes to those that want its kind and its project, once each, signed, as a CloudEvent", async () => {
    using receiver = startReceiver(secret);
    const { url } = receiver;
    const rows = [
      { url },
      { url, events: ["delete"] as const },
      { url, projects: ["other"] },
      { url, projects: ["demo"] },
    ];
    const { it, outcomes } = webhooks(rows);
    await metadata.write((write) => it.outbox(write, change()));
    expect(await it.deliver(metadata)).toBe(2);
    expect(await it.deliver(metadata)).toBe(0);
    expect(outcomes).toEqual(["delivered", "delivered"]);
    expect(receiver.told).toHaveLength(2);
    const [told] = receiver.told;
    expect(told).toMatchObject({ isSigned: true, type: "application/cloudevents+json; charset=utf-8" });
    expect(told?.event).toEqual({
      specversion: "1.0",
      id: told?.id ?? "",
      source: "https://r.test",
      type: "waybill.artifact.pushed",
      subject: `demo/app@${digest}`,
      time: "2026-11-25T00:00:00.000Z",
      datacontenttype: "application/json",
      data: {
        repository: "demo/app",
        location: "default",
        project: "demo",
        digest,
        tags: ["v1"],
        principal: "serviceAccount:1",
      },
    });
    expect(await countDeliveries(metadata.read)).toEqual([]);
  });

  test("is tried again later and later, and given up after ten attempts; retried, it keeps its id", async () => {
    let status = 500;
    using receiver = startReceiver(secret, () => status);
    const { it, outcomes } = webhooks([{ url: receiver.url }]);
    await metadata.write((write) => it.outbox(write, change()));
    const began = clock.now;
    const waits: number[] = [];
    while (outcomes.at(-1) !== "given up") {
      const before = clock.now;
      while ((await it.deliver(metadata)) === 0) clock.now += 1000;
      waits.push((clock.now - before) / 1000);
    }
    expect(waits).toEqual([0, 5, 30, 120, 600, 1800, 3600, 10_800, 21_600, 43_200]);
    expect(clock.now - began).toBeLessThan(24 * 3600 * 1000);
    clock.now += 7 * 24 * 3600 * 1000;
    expect(await it.deliver(metadata)).toBe(0);
    expect(await listDeadDeliveries(metadata.read, 10)).toMatchObject([
      { receiver: "r0", attempts: 10, lastError: "the receiver answered 500" },
    ]);
    status = 200;
    expect(await metadata.write((write) => reviveDeliveries(write, "another", clock.now))).toBe(0);
    expect(await metadata.write((write) => reviveDeliveries(write, undefined, clock.now))).toBe(1);
    expect(await it.deliver(metadata)).toBe(1);
    expect(new Set(receiver.told.map(({ id }) => id)).size).toBe(1);
    expect(await countDeliveries(metadata.read)).toEqual([]);
  }, 60_000);

  const refusals: [what: string, answer: Response | Error, error: RegExp, outcome: string][] = [
    ["an answer of 410", new Response(null, { status: 410 }), /wants no more/, "given up"],
    [
      "a redirect",
      new Response(null, { status: 302, headers: { location: "http://169.254.169.254/" } }),
      /302/,
      "failed",
    ],
    ["no answer", new Error("connection refused"), /refused/, "failed"],
  ];
  for (const [what, answer, error, outcome] of refusals)
    test(`is ${outcome} by ${what}`, async () => {
      const asked: string[] = [];
      const { it, outcomes } = webhooks([{}], async (request) => {
        asked.push(request.url);
        if (answer instanceof Error) throw answer;
        return answer;
      });
      await metadata.write((write) => it.outbox(write, change()));
      await it.deliver(metadata);
      expect(outcomes).toEqual([outcome]);
      expect(asked).toEqual(["http://127.0.0.1:1/"]);
      const { last_error } = await metadata.read
        .selectFrom("webhook_deliveries")
        .select("last_error")
        .executeTakeFirstOrThrow();
      expect(last_error).toMatch(error);
    });

  test("goes to no private address that the operator did not name", async () => {
    using receiver = startReceiver(secret);
    const guarded = (allowed: string[]) =>
      publicFetch((request) => fetch(request), allowed, undefined, "--private-webhooks");
    const refused = webhooks([{ url: receiver.url }], guarded([]));
    await metadata.write((write) => refused.it.outbox(write, change()));
    await refused.it.deliver(metadata);
    expect(receiver.told).toEqual([]);
    clock.now += 60_000;
    const allowed = webhooks([{ url: receiver.url }], guarded([receiver.host]));
    await allowed.it.deliver(metadata);
    expect(receiver.told).toHaveLength(1);
  });
});

describe("readReceivers", () => {
  function read(yaml: string, secretText = secret) {
    writeFileSync(join(folder, "secret"), `${secretText}\n`);
    writeFileSync(join(folder, "webhooks.yaml"), yaml);
    return readReceivers(join(folder, "webhooks.yaml"));
  }
  const good = "{name: ci, url: 'https://ci.test/', secret-file: secret}";

  test("reads the list, and secrets from files beside it", () => {
    const [receiver] = read(`- ${good}`);
    expect(receiver).toMatchObject({ name: "ci", events: ["push", "delete"], projects: undefined });
    expect(JSON.stringify(receiver)).not.toContain(secret);
    expect(receiver?.secret.reveal()).toBe(secret);
  });

  const rows: [string, string, RegExp, string?][] = [
    ["two of one name", `[${good}, ${good}]`, /one name/],
    ["an unknown key", `- ${good.replace("}", ", secret: x}")}`, /0/],
    ["an event that is none", `- ${good.replace("}", ", events: [pull]}")}`, /events/],
    ["a URL that is none", `- ${good.replace("https:", "ftp:")}`, /url/],
    ["a secret that is short", `- ${good}`, /whsec_/, "whsec_c2hvcnQ="],
    ["a secret without its prefix", `- ${good}`, /whsec_/, secret.slice(6)],
    ["a file that is not there", `- ${good.replace("file: secret", "file: nothing")}`, /nothing/],
  ];
  for (const [what, yaml, message, text] of rows)
    test(`refuses ${what}`, () => {
      expect(() => read(yaml, text)).toThrow(message);
    });
});
