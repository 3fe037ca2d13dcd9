/** What two nodes do at once must come out as if one had done it after the other, on both databases. */
import { expect, test } from "bun:test";
import { digestOf } from "../../../src/registry/digest.ts";
import { ImageTimes } from "../../../src/registry/image-times.ts";
import { Manifests } from "../../../src/registry/manifests.ts";
import { parseTag } from "../../../src/registry/reference.ts";
import { RegistryError } from "../../../src/registry/registry-error.ts";
import { parseRepository } from "../../../src/registry/repository.ts";
import { resolveRepository } from "../../../src/registry/resolve.ts";
import { RuleBook } from "../../../src/registry/rules/rule-book.ts";
import { readLimits, setBytesMax } from "../../../src/storage/metadata/limits.ts";
import { onEveryDatabase, type Suite } from "../../storage/metadata/databases.ts";
import { addProject } from "../../storage/metadata/fixtures.ts";

const mediaType = "application/vnd.oci.image.index.v1+json";
const racers = 6;

function races(suite: Suite): void {
  let counter = 0;

  /** A project, and a push of an empty index of its own for each racer. */
  async function newRace() {
    const name = `race-${++counter}`;
    const { id: projectId } = await addProject(suite.metadata, { name });
    const manifests = new Manifests(suite.metadata, new ImageTimes(suite.metadata, {} as never), Date.now);
    const push = async (number: number, tag: string) => {
      const body = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, manifests: [], annotations: { number } }));
      const resolved = await resolveRepository(suite.metadata, parseRepository(`${name}/image`, "eu"));
      const allowTag = () => {};
      const pushed = {
        digest: undefined,
        tags: [parseTag(tag)],
        contentType: mediaType,
        body,
        principal: "x",
        allowTag,
      };
      await manifests.put(resolved, pushed);
      return digestOf(body);
    };
    return { projectId, push, repository: () => suite.metadata.hot.repositoryId("eu", projectId, "image") };
  }

  async function settle(pushes: readonly Promise<string>[]) {
    const settled = await Promise.allSettled(pushes);
    const lost = settled.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    for (const reason of lost) expect(reason).toBeInstanceOf(RegistryError);
    return {
      won: settled.flatMap((each) => (each.status === "fulfilled" ? [each.value] : [])),
      codes: lost.map(({ code }: RegistryError) => code),
    };
  }

  test("of many pushes of one immutable tag one wins, and the tag is what it pushed", async () => {
    for (let round = 0; round < 5; round++) {
      const { projectId, push, repository } = await newRace();
      await new RuleBook(suite.metadata, Date.now).set(
        { projectId },
        { dockerConfig: { immutableTags: true } },
        undefined,
      );
      const { won, codes } = await settle(Array.from({ length: racers }, (_, number) => push(number, "v1")));
      expect(codes).toEqual(Array(racers - 1).fill("DENIED"));
      expect([await suite.metadata.hot.tagDigest((await repository()) ?? "", "v1")]).toEqual(won);
    }
  });

  test("of many pushes as many win as the quota has room for", async () => {
    const { projectId, push } = await newRace();
    const bytes = JSON.stringify({ schemaVersion: 2, mediaType, manifests: [], annotations: { number: 1 } }).length;
    await suite.metadata.write((write) => setBytesMax(write, projectId, 3 * bytes));
    const { won, codes } = await settle(Array.from({ length: racers }, (_, number) => push(number, `v${number}`)));
    expect([won.length, codes]).toEqual([3, Array(racers - 3).fill("DENIED")]);
    expect((await readLimits(suite.metadata.read, projectId)).usedBytes).toBe(3 * bytes);
  });
}

onEveryDatabase({ "rule races": races });
