import { chmodSync, rmSync } from "node:fs";
import { z } from "zod";
import type { ErrorLog } from "./http/distribution/answer-error.ts";
import type { KeyFile } from "./identity/key-file.ts";
import type { Rotation } from "./identity/signing-keys.ts";
import type { GarbageReport } from "./registry/garbage-report.ts";
import type { Damage } from "./registry/scrub.ts";

/** What the owner of a data folder may ask of the server that runs on it. */
export interface Control {
  /** A key of the installation's owner. */
  ownerKey(): Promise<KeyFile>;
  /** A single-use link to the console, good for 15 minutes. */
  setupLink(): Promise<string>;
  /** Collects garbage, or only answers what would be collected. */
  collectGarbage(dryRun: boolean): Promise<GarbageReport>;
  /** Refuses a blob that somebody found damaged; undefined where it is gone or was replaced meanwhile. */
  quarantine(digest: string, objectKey: string, reason: string): Promise<Damage | undefined>;
  /** Lets the next signing keys sign; with `revokeOld` nothing is believed that the old ones signed. */
  rotateKeys(revokeOld: boolean): Promise<Rotation[]>;
  /** Tries again to tell what was given up: one event, or all. Answers how many. */
  retryWebhooks(eventId: string | undefined): Promise<number>;
  /** Keeps the bytes of what is collected for so long: a backup still copies them. */
  holdBytes(milliseconds: number): Promise<void>;
}

/** The system's limit for a socket's path. */
const pathBytesMax = 100;

/**
 * Opens the door for `waybill setup`, `gc`, `verify` and `backup`: a socket that only this user can reach, the folder and the socket both being
 * theirs alone. Undefined where the path is too long for one.
 */
export function openControlSocket(path: string, control: Control, log: ErrorLog): { close(): void } | undefined {
  if (Buffer.byteLength(path) > pathBytesMax) {
    log(new Error(`${path} is too long for a socket`), "waybill setup will not find this server: use --admin-key");
    return undefined;
  }
  rmSync(path, { force: true });
  const server = Bun.serve({
    unix: path,
    // A collection may take its time; the types do not know that the runtime's limit of 10 s counts here too.
    ...({ idleTimeout: 0 } as object),
    routes: {
      "/owner-key": { POST: async () => Response.json(await control.ownerKey()) },
      "/setup-link": { POST: async () => Response.json({ link: await control.setupLink() }) },
      "/collect-garbage": {
        POST: async (request) => Response.json(await control.collectGarbage((await read(request)).dryRun === true)),
      },
      "/quarantine": {
        POST: async (request) => {
          const { digest = "", objectKey = "", reason = "" } = await read(request);
          return Response.json({ damage: await control.quarantine(digest, objectKey, reason) });
        },
      },
      "/rotate-keys": {
        POST: async (request) => Response.json(await control.rotateKeys((await read(request)).revokeOld === true)),
      },
      "/retry-webhooks": {
        POST: async (request) => Response.json({ count: await control.retryWebhooks((await read(request)).eventId) }),
      },
      "/hold-bytes": {
        POST: async (request) => {
          await control.holdBytes((await read(request)).milliseconds ?? 0);
          return Response.json({});
        },
      },
    },
    error(error) {
      log(error, "a request of the data folder's owner failed");
      return Response.json({ error: (error as Error).message }, { status: 500 });
    },
  });
  chmodSync(path, 0o600);
  return {
    close() {
      server.stop(true);
      rmSync(path, { force: true });
    },
  };
}

const questionSchema = z
  .object({
    dryRun: z.boolean(),
    revokeOld: z.boolean(),
    digest: z.string(),
    objectKey: z.string(),
    reason: z.string(),
    eventId: z.string(),
    milliseconds: z.number().int().nonnegative(),
  })
  .partial();

async function read(request: Request): Promise<z.infer<typeof questionSchema>> {
  return questionSchema.parse(await request.json());
}

/** The other end: speaks to the server that runs on a data folder. Throws where none answers. */
export function connectControl(path: string): Control {
  const ask = async <Answer>(what: string, question: object = {}): Promise<Answer> => {
    const init = { method: "POST", unix: path, body: JSON.stringify(question), timeout: false };
    const response = await fetch(`http://control${what}`, init as RequestInit);
    const answer = (await response.json()) as Answer & { error?: string };
    if (!response.ok) throw new Error(answer.error ?? `the server answered ${response.status}`);
    return answer;
  };
  return {
    ownerKey: () => ask<KeyFile>("/owner-key"),
    setupLink: async () => (await ask<{ link: string }>("/setup-link")).link,
    collectGarbage: (dryRun) => ask<GarbageReport>("/collect-garbage", { dryRun }),
    quarantine: async (digest, objectKey, reason) =>
      (await ask<{ damage?: Damage }>("/quarantine", { digest, objectKey, reason })).damage,
    rotateKeys: (revokeOld) => ask<Rotation[]>("/rotate-keys", { revokeOld }),
    retryWebhooks: async (eventId) => (await ask<{ count: number }>("/retry-webhooks", { eventId })).count,
    holdBytes: async (milliseconds) => void (await ask("/hold-bytes", { milliseconds })),
  };
}
