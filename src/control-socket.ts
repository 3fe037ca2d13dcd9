import { chmodSync, rmSync } from "node:fs";
import type { ErrorLog } from "./http/distribution/answer-error.ts";
import type { KeyFile } from "./identity/key-file.ts";

/** What the owner of a data folder may ask of the server that runs on it. */
export interface Control {
  /** A key of the installation's owner. */
  ownerKey(): Promise<KeyFile>;
  /** A single-use link to the console, good for 15 minutes. */
  setupLink(): Promise<string>;
}

/** The system's limit for a socket's path. */
const pathBytesMax = 100;

/**
 * Opens the door for `waybill setup`: a socket that only this user can reach, the folder and the socket both being
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
    routes: {
      "/owner-key": { POST: async () => Response.json(await control.ownerKey()) },
      "/setup-link": { POST: async () => Response.json({ link: await control.setupLink() }) },
    },
    error(error) {
      log(error, "setup failed");
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

/** The other end: speaks to the server that runs on a data folder. Throws where none answers. */
export function connectControl(path: string): Control {
  const ask = async <Answer>(what: string): Promise<Answer> => {
    const response = await fetch(`http://control${what}`, { method: "POST", unix: path });
    const body = (await response.json()) as Answer & { error?: string };
    if (!response.ok) throw new Error(body.error ?? `the server answered ${response.status}`);
    return body;
  };
  return {
    ownerKey: () => ask<KeyFile>("/owner-key"),
    setupLink: async () => (await ask<{ link: string }>("/setup-link")).link,
  };
}
