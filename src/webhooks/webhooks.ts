import { createHmac, randomUUID } from "node:crypto";
import type { Chore } from "../operations/chores.ts";
import type { Outbox } from "../registry/outbox.ts";
import type { Metadata } from "../storage/metadata/metadata.ts";
import {
  type Delivery,
  forgetDeadDeliveries,
  insertDelivery,
  listDueDeliveries,
  postponeDelivery,
  removeDelivery,
} from "../storage/metadata/webhooks.ts";
import { cloudEventOf } from "./cloud-event.ts";
import { type Receiver, signingKey } from "./receivers.ts";

export interface WebhookOptions {
  readonly receivers: readonly Receiver[];
  /** This registry's address, the source of its events. */
  readonly source: string;
  /** Lets out to where receivers may lie. */
  readonly fetch: (request: Request) => Promise<Response>;
  readonly now: () => number;
  /** Told how each attempt ended: `delivered`, `failed`, `given up`. */
  readonly onAttempt?: (outcome: string) => void;
}

const minute = 60;
/** Seconds between attempts: over a day in all, after which a person has to look. */
const waitSeconds = [
  5,
  30,
  2 * minute,
  10 * minute,
  30 * minute,
  60 * minute,
  180 * minute,
  360 * minute,
  720 * minute,
];
const answerMilliseconds = 15_000;
const everyMilliseconds = 1000;
const batchMax = 64;
const deadDaysMax = 30;

/**
 * Tells others of pushes and deletions: at least once, signed, and tried again while they do not answer
 * (Standard Webhooks; CloudEvents 1.0).
 */
export class Webhooks {
  readonly #options: WebhookOptions;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /** To be called in the transaction of a change: an event that was kept there is told, also after a crash. */
  readonly outbox: Outbox = async (write, change) => {
    const { receivers, source, now } = this.#options;
    const kind = change.kind === "pushed" ? "push" : "delete";
    const wanting = receivers.filter(
      ({ events, projects }) => events.includes(kind) && (projects?.includes(change.repository.project) ?? true),
    );
    if (wanting.length === 0) return;
    const id = randomUUID();
    const event = JSON.stringify(cloudEventOf(change, id, source));
    for (const { name } of wanting) await insertDelivery(write, id, name, event, now());
  };

  /** Delivers what waits, every second, on one node of all. */
  chore(metadata: Metadata): Chore {
    return {
      name: "telling of pushes and deletions",
      everyMilliseconds,
      run: async (signal) => {
        while (!signal.aborted && (await this.deliver(metadata, signal)) === batchMax);
      },
    };
  }

  /** Tries what is due now. Answers how many were tried. */
  async deliver(metadata: Metadata, signal?: AbortSignal): Promise<number> {
    const now = this.#options.now();
    const due = await listDueDeliveries(metadata.read, now, batchMax);
    await Promise.all(due.map((delivery) => this.#attempt(metadata, delivery, signal)));
    if (due.length > 0) return due.length;
    await metadata.note((write) => forgetDeadDeliveries(write, now - deadDaysMax * 24 * 60 * minute * 1000));
    return 0;
  }

  async #attempt(metadata: Metadata, delivery: Delivery, signal: AbortSignal | undefined): Promise<void> {
    const { now, onAttempt } = this.#options;
    try {
      await this.#send(delivery, signal);
      await metadata.write((write) => removeDelivery(write, delivery));
      onAttempt?.("delivered");
    } catch (error) {
      // A server that stops has not asked properly.
      if (signal?.aborted) return;
      const wait = error instanceof GoneError ? undefined : waitSeconds[delivery.attempts];
      const nextAt = wait === undefined ? undefined : now() + wait * 1000;
      const outcome = { error: (error as Error).message.slice(0, 500), nextAt, now: now() };
      await metadata.write((write) => postponeDelivery(write, delivery, outcome));
      onAttempt?.(nextAt === undefined ? "given up" : "failed");
    }
  }

  async #send({ receiver: name, eventId, event }: Delivery, stopping: AbortSignal | undefined): Promise<void> {
    const receiver = this.#options.receivers.find((each) => each.name === name);
    if (receiver === undefined) throw new GoneError(`there is no receiver ${name} any more`);
    const timestamp = String(Math.floor(this.#options.now() / 1000));
    const headers = {
      "content-type": "application/cloudevents+json; charset=utf-8",
      "webhook-id": eventId,
      "webhook-timestamp": timestamp,
      "webhook-signature": signatureOf(receiver, `${eventId}.${timestamp}.${event}`),
    };
    const signals = [AbortSignal.timeout(answerMilliseconds), ...(stopping ? [stopping] : [])];
    const init = {
      method: "POST",
      headers,
      body: event,
      redirect: "manual" as const,
      signal: AbortSignal.any(signals),
    };
    const answer = await this.#options.fetch(new Request(receiver.url, init));
    // What it says beyond its status may be anything.
    await answer.body?.cancel().catch(() => undefined);
    if (answer.status === 410) throw new GoneError("the receiver answered 410: it wants no more");
    if (!answer.ok) throw new Error(`the receiver answered ${answer.status}`);
  }
}

/** Nobody will ever take it there. */
class GoneError extends Error {}

/** Standard Webhooks, Signature scheme: HMAC-SHA256 of id, time and body. */
function signatureOf({ secret }: Receiver, text: string): string {
  const key = signingKey(secret.reveal()) ?? Buffer.alloc(0);
  return `v1,${createHmac("sha256", key).update(text).digest("base64")}`;
}
