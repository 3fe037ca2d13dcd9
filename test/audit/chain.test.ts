/** The log's promises, on both databases: nothing is lost, nothing is changed unseen, nobody can fill the disk. */
import { expect, test } from "bun:test";
import { sql } from "kysely";
import { Audit } from "../../src/audit/audit.ts";
import { type AuditEvent, fromHere } from "../../src/audit/event.ts";
import { parseFilter } from "../../src/audit/filter.ts";
import { SigningKeys } from "../../src/identity/signing-keys.ts";
import { onEveryDatabase, type Suite } from "../storage/metadata/databases.ts";

const day = 24 * 60 * 60 * 1000;
const who = { principal: "user:ada@example.com", id: "user:1", credential: "access token" };
const change = (resource: string): AuditEvent & { kind: "administration" } => {
  return { kind: "administration", method: "POST /v1/projects", resource, outcome: "done", who, from: fromHere };
};

function chains(suite: Suite): void {
  const clock = { now: Date.UTC(2026, 10, 24) };
  const logged: unknown[] = [];

  async function openLog() {
    const place = await suite.newPlace();
    const metadata = await place.open();
    const now = () => clock.now;
    const signingKeys = await SigningKeys.open(metadata, now);
    const node = () =>
      new Audit({ metadata, signingKeys, installationId: "here", now, log: (error) => logged.push(error) });
    return { metadata, node, audit: node() };
  }

  const resources = async (audit: Audit, filter = "") => {
    const { lines } = await audit.read({ filter: parseFilter(filter), limit: 1000 });
    return lines.filter(({ entry }) => entry.kind === "administration").map(({ entry }) => entry.resource);
  };
  const states = async (audit: Audit) =>
    (await audit.verify(undefined, 100)).map(({ state, problem }) => problem ?? state);

  test("an event is in the log if and only if its transaction is committed, also when the node dies then", async () => {
    const { metadata, audit, node } = await openLog();
    const watched = audit.watch(metadata);
    const changing = (resource: string, fails: boolean) =>
      audit.changing(change(resource), () =>
        watched.write(async (write) => {
          await write.updateTable("versions").set({ value: 1 }).execute();
          if (fails) throw new Error("no");
        }),
      );
    await changing("committed", false);
    expect(changing("rolled back", true)).rejects.toThrow("no");
    // Nothing of this node's memory is used from here on.
    const other = node();
    clock.now += 120_000;
    expect(await resources(other)).toEqual(["committed"]);
    expect(await resources(audit)).toEqual(["committed"]);
    await metadata.close();
  });

  test("a change without a transaction, and one that fails after its first, are in the log", async () => {
    const { metadata, audit } = await openLog();
    const watched = audit.watch(metadata);
    expect(await audit.changing(change("nothing written"), async () => 7)).toBe(7);
    const half = audit.changing(change("half"), async () => {
      await watched.write(async (write) => void (await write.updateTable("versions").set({ value: 2 }).execute()));
      throw new Error("second part");
    });
    expect(half).rejects.toThrow("second part");
    await half.catch(() => {});
    expect((await resources(audit, "outcome=done")).sort()).toEqual(["half", "nothing written"]);
    expect(await resources(audit, "outcome=failed")).toEqual(["half"]);
    await metadata.close();
  });

  test("many nodes write at once, each its own chain, and all of it is whole", async () => {
    const { metadata, node } = await openLog();
    const nodes = [node(), node(), node()];
    await Promise.all(
      nodes.map(async (audit, index) => {
        for (let each = 0; each < 250; each++) audit.note(change(`${index}/${each}`));
        await audit.flush();
        for (let each = 250; each < 300; each++) audit.note(change(`${index}/${each}`));
        await audit.checkpoint();
      }),
    );
    const [first] = nodes as [Audit];
    expect((await resources(first)).length).toBe(900);
    expect(await states(first)).toEqual(["whole", "whole", "whole"]);
    expect((await first.verify(undefined, 9)).map(({ entries, unsigned }) => [entries, unsigned])).toEqual(
      Array(3).fill([301, 0]),
    );
    await metadata.close();
  });

  const attacks: [string, (metadata: Suite["metadata"]) => Promise<unknown>, RegExp][] = [
    [
      "an entry is changed",
      (m) => run(m, `update audit_entries set entry = replace(entry, 'shop 5', 'shop 6')`),
      /the entry \d+ was changed/,
    ],
    ["an entry is removed", (m) => run(m, `delete from audit_entries where sequence = 5`), /from 5 to 5 are gone/],
    [
      "the first ones are removed",
      (m) => run(m, `delete from audit_entries where sequence < 5`),
      /first entries, before 5, are gone/,
    ],
    [
      "the last ones are removed",
      (m) => run(m, `delete from audit_entries where sequence > 5`),
      /were signed, and are gone/,
    ],
    ["all are removed", (m) => run(m, `delete from audit_entries`), /were signed, and are gone/],
    [
      "it is filed under another kind",
      (m) => run(m, `update audit_entries set kind = 'session' where sequence = 5`),
      /5 is filed under/,
    ],
    [
      "it is filed under another principal",
      (m) => run(m, `update audit_entries set principal = 'x' where sequence = 5`),
      /5 is filed under/,
    ],
    [
      "a checkpoint is changed",
      (m) => run(m, `update audit_checkpoints set statement = replace(statement, 'here', 'them')`),
      /not signed by this server/,
    ],
    [
      "a checkpoint is moved",
      (m) => run(m, `update audit_checkpoints set sequence = sequence + 1`),
      /not signed by this server/,
    ],
  ];
  test.each(attacks)("it shows when %s", async (_, attack, problem) => {
    const { metadata, audit } = await openLog();
    for (let each = 0; each < 10; each++) audit.note(change(`shop ${each}`));
    await audit.checkpoint();
    expect(await states(audit)).toEqual(["whole"]);
    await attack(metadata);
    expect((await states(audit))[0]).toMatch(problem);
    await metadata.close();
  });

  test("it shows when the chain is made anew from a changed entry on", async () => {
    const { metadata, audit } = await openLog();
    for (let each = 0; each < 4; each++) audit.note(change(`shop ${each}`));
    await audit.checkpoint();
    const rows = await metadata.read.selectFrom("audit_entries").selectAll().orderBy("id").execute();
    let previous = "";
    for (const row of rows) {
      const entry = row.entry.replace("shop 2", "shop 9");
      const hash = new Bun.CryptoHasher("sha256").update(`${previous}\n${entry}`).digest("hex");
      await metadata.write(async (write) => {
        await write.updateTable("audit_entries").set({ entry, hash }).where("id", "=", row.id).execute();
      });
      previous = hash;
    }
    expect((await states(audit))[0]).toMatch(/is not the one that was signed/);
    await metadata.close();
  });

  test("old segments go whole, with a signed word that they went, and their checkpoints stay", async () => {
    const { metadata, audit, node } = await openLog();
    audit.note(change("old"));
    await audit.checkpoint();
    clock.now += 2 * day;
    audit.note(change("newer"));
    await audit.checkpoint();
    clock.now += 9 * day;
    const later = node();
    later.note(change("new"));
    await later.flush();
    await later.drop(10, new AbortController().signal);
    expect(await resources(later)).toEqual(["newer", "new"]);
    expect((await later.verify(undefined, 9)).map(({ state }) => state).sort()).toEqual(["dropped", "whole", "whole"]);
    const { lines } = await later.read({ filter: parseFilter("kind=log.dropped"), limit: 9 });
    expect(lines.map(({ entry }) => entry.dropped)).toMatchObject([{ segment: 1, sequence: 2 }]);
    expect((await metadata.read.selectFrom("audit_checkpoints").selectAll().execute()).length).toBeGreaterThanOrEqual(
      3,
    );
    await metadata.close();
  });

  test("a storm of strangers is a few entries and counts, however many addresses and reasons it has", async () => {
    const { metadata, audit } = await openLog();
    const storm = 30_000;
    for (let each = 0; each < storm; each++) {
      const from = { address: `10.${each % 200}.${each % 7}.1`, agent: "" };
      const reason = each % 2 ? "malformed" : "expired";
      audit.note({ kind: "credential.refused", reason, who: { principal: "", id: "", credential: "" }, from });
    }
    await audit.close();
    const reader = new Audit({
      metadata,
      signingKeys: await SigningKeys.open(metadata, Date.now),
      installationId: "here",
      now: Date.now,
      log() {},
    });
    const { lines } = await reader.read({ limit: 1000 });
    expect(lines.length).toBeLessThan(150);
    const counted = lines
      .filter(({ entry }) => entry.kind === "repeated")
      .reduce((sum, { entry }) => sum + Number(entry.times), 0);
    const alone = lines.filter(({ entry }) => entry.kind === "credential.refused").length;
    expect(counted + alone).toBe(storm);
    await metadata.close();
  });

  test("a page goes on where the one before it ended, in both directions and through a filter", async () => {
    const { metadata, audit } = await openLog();
    for (let each = 0; each < 25; each++) audit.note(change(each % 5 === 0 ? "fifth" : `shop ${each}`));
    const filter = parseFilter("resource=fifth");
    for (const newestFirst of [true, false]) {
      const sequences: unknown[] = [];
      let after: number | undefined;
      do {
        const page = await audit.read({ filter, newestFirst, limit: 2, after });
        sequences.push(...page.lines.map(({ entry }) => entry.sequence));
        after = page.next;
      } while (after !== undefined);
      expect(sequences).toEqual(newestFirst ? [22, 17, 12, 7, 2] : [2, 7, 12, 17, 22]);
    }
    await metadata.close();
  });

  test("who waits for news hears of it", async () => {
    const { metadata, audit } = await openLog();
    const news = audit.news(60_000);
    audit.note(change("news"));
    await news;
    expect(await resources(audit)).toEqual(["news"]);
    expect(logged).toEqual([]);
    await metadata.close();
  });
}

function run(metadata: Suite["metadata"], statement: string) {
  return metadata.write((write) => sql.raw(statement).execute(write));
}

onEveryDatabase({ "the audit log": chains });
