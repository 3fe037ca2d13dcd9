import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { KeyFile } from "../../src/identity/key-file.ts";
import { assertionOf, jwtBearer } from "../jwt.ts";
import { seeded } from "./random.ts";
import { ownerAuthorization, runCommand, type ServerProcess, startServerProcess } from "./server-process.ts";
import { type CutDisk, makeSmallDisk, type SmallDisk, smallDisksMissing } from "./small-disk.ts";

// A power cut takes what the kernel had not written yet; a killed process loses none of that. Here the disk is a file, the server
// stands still in the middle of its work, and what the file has then is mounted as another disk: what was synced, and nothing more.

const missing = smallDisksMissing();
if (missing) console.error(`${missing}: power cuts`);
const cuts = Number(process.env.WAYBILL_POWER_CUTS ?? 2);
const secondMilliseconds = 1000;
const attemptsMax = 20;

let disk: SmallDisk | undefined;
let cut: CutDisk | undefined;
let server: ServerProcess | undefined;
afterEach(async () => {
  await server?.kill();
  cut?.remove();
  disk?.remove();
  [disk, cut, server] = [undefined, undefined, undefined];
});

/** A token that was given out: between these two moments. */
interface Issued {
  readonly agent: string;
  readonly sentAt: number;
  readonly answeredAt: number;
}

test.skipIf(missing !== undefined).each(Array.from({ length: cuts }, (_, index) => index + 1))(
  `power cut %i loses no administration change, and of the tokens those of less than a second${missing ? ` (${missing})` : ""}`,
  async (seed) => {
    disk = makeSmallDisk("ext4", 96);
    const data = join(disk.path, "data");
    server = await startServerProcess(data);
    const { child } = server;
    const work = new Work(server.origin, await ownerAuthorization(server, data), keyOf(data));
    const running = work.run();
    const random = seeded(seed);
    const enough = 150 + random.below(300);
    const since = performance.now();
    const isEnough = () => work.tokens.length >= enough && work.accounts.length >= 10;
    while (!isEnough() || performance.now() - since < 1.5 * secondMilliseconds) await Bun.sleep(5);

    let [tokens, accounts]: [Issued[], string[]] = [[], []];
    // On a busy machine the kernel writes by itself now and then, what nobody synced as well: then there is another cut.
    for (let attempt = 1; ; attempt++) {
      child.kill("SIGSTOP");
      const control = `control-${attempt}`;
      writeFileSync(join(disk.path, control), Buffer.alloc(4096, 1));
      [tokens, accounts] = [[...work.tokens], [...work.accounts]];
      cut = disk.cut();
      if (sizeOf(join(cut.path, control)) === 0) break;
      if (attempt === attemptsMax) throw new Error("the kernel wrote all of it each time: this was no power cut");
      cut.remove();
      child.kill("SIGCONT");
      while (work.tokens.length < tokens.length + 20) await Bun.sleep(5);
    }
    work.stop();
    await server.kill();
    await running;

    const found = join(cut.path, "data");
    writeFileSync(`${found}.owner.json`, JSON.stringify(keyOf(data)));
    server = await startServerProcess(found);
    const authorization = await ownerAuthorization(server, found);
    const inLog = agentsIn(found);
    const lost = tokens.filter(({ agent }) => !inLog.has(agent));
    // The last that is lost was asked for less than a second after the first of them had been answered.
    const span = Math.max(...lost.map(({ sentAt }) => sentAt)) - Math.min(...lost.map(({ answeredAt }) => answeredAt));
    expect({ lost: lost.length, ofASecond: lost.length === 0 || span < secondMilliseconds }).toEqual({
      lost: lost.length,
      ofASecond: true,
    });
    const there = await accountsAt(server.origin, authorization);
    expect(accounts.filter((name) => !there.has(name))).toEqual([]);
    expect(accounts.filter((name) => !changesIn(found).has(name))).toEqual([]);
    await server.stop();
    const verified = await runCommand("verify", "--data", found, "--format=json");
    expect(JSON.parse(verified.stdout)).toMatchObject({ damaged: [] });
  },
  120_000,
);

/** Tokens and administration changes, as fast as they come, until the server answers no more. */
class Work {
  readonly tokens: Issued[] = [];
  readonly accounts: string[] = [];
  readonly #origin: string;
  readonly #authorization: string;
  readonly #key: KeyFile;
  readonly #end = new AbortController();
  #counter = 0;

  constructor(origin: string, authorization: string, key: KeyFile) {
    this.#origin = origin;
    this.#authorization = authorization;
    this.#key = key;
  }

  async run(): Promise<void> {
    const loops = [
      this.#assertions(),
      this.#assertions(),
      this.#registryTokens(),
      this.#registryTokens(),
      this.#changes(),
    ];
    await Promise.all(loops.map((loop) => loop.catch((error) => this.#expectEnd(error))));
  }

  stop(): void {
    this.#end.abort();
  }

  #expectEnd(error: unknown): void {
    if (!this.#end.signal.aborted) throw error;
  }

  async #assertions(): Promise<void> {
    for (;;) {
      const form = { grant_type: jwtBearer, assertion: assertionOf(this.#key, Date.now()) };
      await this.#issue("/token", { method: "POST", body: new URLSearchParams(form) });
    }
  }

  async #registryTokens(): Promise<void> {
    const password = this.#authorization.replace("Bearer ", "");
    const authorization = `Basic ${Buffer.from(`oauth2accesstoken:${password}`).toString("base64")}`;
    for (;;) await this.#issue("/v2/token?scope=repository:waybill-admin/image:pull", { headers: { authorization } });
  }

  /** Each under a name of its own, by which it is found in the log. */
  async #issue(path: string, init: RequestInit & { headers?: Record<string, string> }): Promise<void> {
    const agent = `cut/${++this.#counter}`;
    const sentAt = performance.now();
    const answer = await this.#send(path, { ...init, headers: { ...init.headers, "user-agent": agent } });
    this.tokens.push({ agent, sentAt, answeredAt: performance.now() });
    if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
  }

  async #changes(): Promise<void> {
    for (;;) {
      const accountId = `account-${++this.#counter}`;
      const headers = { authorization: this.#authorization, "content-type": "application/json" };
      const body = JSON.stringify({ accountId });
      const path = "/v1/projects/waybill-admin/serviceAccounts";
      const answer = await this.#send(path, { method: "POST", headers, body });
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
      this.accounts.push(accountId);
    }
  }

  async #send(path: string, init: RequestInit): Promise<Response> {
    const answer = await fetch(`${this.#origin}${path}`, { ...init, signal: this.#end.signal });
    await answer.bytes();
    return answer;
  }
}

function keyOf(data: string): KeyFile {
  return JSON.parse(readFileSync(`${data}.owner.json`, "utf8")) as KeyFile;
}

function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

function entriesIn(data: string): Record<string, unknown>[] {
  const database = new Database(join(data, "metadata.sqlite"), { readonly: true });
  const rows = database.query("select entry from audit_entries").all() as { entry: string }[];
  const pending = database.query("select event as entry from audit_pending").all() as { entry: string }[];
  database.close();
  return [...rows, ...pending].map(({ entry }) => JSON.parse(entry));
}

function agentsIn(data: string): Set<string> {
  const issued = entriesIn(data).filter(({ kind }) => kind === "token.issued");
  return new Set(issued.map(({ from }) => (from as { agent: string }).agent));
}

/** Accounts whose making is in the log. */
function changesIn(data: string): Set<string> {
  const changes = entriesIn(data).filter(({ kind }) => kind === "administration");
  return new Set(changes.map(({ change }) => String((change as { accountId?: string } | undefined)?.accountId)));
}

async function accountsAt(origin: string, authorization: string): Promise<Set<string>> {
  const names = new Set<string>();
  let pageToken = "";
  do {
    const query = new URLSearchParams({ pageSize: "100", ...(pageToken && { pageToken }) });
    const url = `${origin}/v1/projects/waybill-admin/serviceAccounts?${query}`;
    const answer = await fetch(url, { headers: { authorization } });
    const page = (await answer.json()) as { accounts?: { email: string }[]; nextPageToken?: string };
    for (const { email } of page.accounts ?? []) names.add(email.replace(/@.*/, ""));
    pageToken = page.nextPageToken ?? "";
  } while (pageToken !== "");
  return names;
}
