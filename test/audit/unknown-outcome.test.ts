/** A database may commit and lose its answer on the way: the log must neither stop nor say anything twice. */
import { expect, test } from "bun:test";
import { Audit } from "../../src/audit/audit.ts";
import { type AuditEvent, fromHere } from "../../src/audit/event.ts";
import { SigningKeys } from "../../src/identity/signing-keys.ts";
import type { Metadata } from "../../src/storage/metadata/metadata.ts";
import { onEveryDatabase, type Suite } from "../storage/metadata/databases.ts";

const who = { principal: "user:ada@example.com", id: "user:1", credential: "access token" };
const change = (resource: string): AuditEvent => {
  return { kind: "administration", method: "POST /v1/projects", resource, outcome: "done", who, from: fromHere };
};

type Write = Metadata["write"];

function unknownOutcomes(suite: Suite): void {
  async function openLog() {
    const metadata = await (await suite.newPlace()).open();
    let write: Write = metadata.write;
    const broken: Metadata = { ...metadata, write: (run) => write(run) };
    const now = () => Date.UTC(2026, 10, 24);
    const signingKeys = await SigningKeys.open(metadata, now);
    const audit = new Audit({ metadata: broken, signingKeys, installationId: "here", now, log() {} });
    const resources = async () => {
      const { lines } = await audit.read({ limit: 1000 });
      return lines.map(({ entry }) => entry.resource).filter((resource) => resource !== undefined);
    };
    /** What the next writes meet, one after the other; then all is well again. */
    const meet = (...fates: Write[]) => {
      write = async (run) => await (fates.shift() ?? metadata.write)(run);
    };
    const whole = async () => expect((await audit.verify(undefined, 100)).map(({ state }) => state)).toEqual(["whole"]);
    return { metadata, audit, resources, meet, whole };
  }

  const lost = new Error("the connection was lost");

  test("a batch that was committed, and not answered, is in the log once, and the log goes on", async () => {
    const { metadata, audit, resources, meet, whole } = await openLog();
    audit.note(change("before"));
    await audit.flush();
    const committedUnheard: Write = async (run) => {
      await metadata.write(run);
      throw lost;
    };
    meet(committedUnheard);
    audit.note(change("unheard"));
    await expect(audit.flush()).rejects.toThrow("lost");
    audit.note(change("after"));
    expect(await resources()).toEqual(["before", "unheard", "after"]);
    await whole();
    await metadata.close();
  });

  test("the very first batch may be such a one, and a chain of them", async () => {
    const { metadata, audit, resources, meet, whole } = await openLog();
    const committedUnheard: Write = async (run) => {
      await metadata.write(run);
      throw lost;
    };
    meet(committedUnheard, committedUnheard);
    audit.note(change("first"));
    await expect(audit.flush()).rejects.toThrow("lost");
    audit.note(change("second"));
    await expect(audit.flush()).rejects.toThrow("lost");
    audit.note(change("third"));
    expect(await resources()).toEqual(["first", "second", "third"]);
    await whole();
    await metadata.close();
  });

  test("a batch that was rolled back, and not answered, is written again", async () => {
    const { metadata, audit, resources, meet, whole } = await openLog();
    const rolledBack: Write = async (run) =>
      await metadata.write(async (write) => {
        await run(write);
        throw lost;
      });
    meet(rolledBack);
    audit.note(change("rolled back"));
    await expect(audit.flush()).rejects.toThrow("lost");
    audit.note(change("after"));
    expect(await resources()).toEqual(["rolled back", "after"]);
    await whole();
    await metadata.close();
  });

  test("a batch that is committed only while the next one is written is in the log once", async () => {
    const { metadata, audit, resources, meet, whole } = await openLog();
    audit.note(change("before"));
    await audit.flush();
    let commitLate: () => Promise<unknown> = async () => undefined;
    const heldUp: Write = async (run) => {
      // As far as the node can see it has run, and may be committed at any time.
      await metadata
        .write(async (write) => {
          await run(write);
          throw lost;
        })
        .catch(() => {});
      commitLate = () => metadata.write(run);
      throw lost;
    };
    const meanwhile: Write = async (run) => {
      await commitLate();
      return await metadata.write(run);
    };
    meet(heldUp, meanwhile);
    audit.note(change("late"));
    await expect(audit.flush()).rejects.toThrow("lost");
    audit.note(change("after"));
    await expect(audit.flush()).rejects.toThrow();
    expect(await resources()).toEqual(["before", "late", "after"]);
    await whole();
    await metadata.close();
  });
}

onEveryDatabase({ "unknown outcomes": unknownOutcomes });
