import { expect, test } from "bun:test";
import type { PolicyRows } from "../../../../src/storage/metadata/policies.ts";
import { readPolicy, replacePolicy } from "../../../../src/storage/metadata/policies.ts";
import type { MemberKey, ResourceKey } from "../../../../src/storage/metadata/schema.ts";
import type { Suite } from "../databases.ts";
import { newId, now } from "../fixtures.ts";

export function policies(suite: Suite): void {
  const newResource = (): ResourceKey => `project/${newId()}`;
  const replace = (resource: ResourceKey, policy: PolicyRows) =>
    suite.metadata.write((write) => replacePolicy(write, resource, policy, now));

  function policyOf(etag: string, ...members: MemberKey[]): PolicyRows {
    return { etag, bindings: members.map((member) => ({ member, role: "roles/viewer", condition: "" })) };
  }

  test("a policy that was never set is empty", async () => {
    expect(await readPolicy(suite.metadata.read, newResource())).toEqual({ etag: "", bindings: [] });
  });

  test("a policy comes back in the order of role, member and condition, in bytes", async () => {
    const resource = newResource();
    const bindings: PolicyRows["bindings"] = [
      { member: "user:B", role: "roles/editor", condition: "" },
      { member: "user:a", role: "roles/editor", condition: "" },
      { member: "user:a", role: "roles/editor", condition: '{"expression":"a < 1"}' },
      { member: "allUsers", role: "roles/viewer", condition: "" },
    ];
    await replace(resource, { etag: "1", bindings: bindings.toReversed() });
    expect(await readPolicy(suite.metadata.read, resource)).toEqual({ etag: "1", bindings });
  });

  test("a replaced policy keeps nothing of the old one, and a binding named twice is there once", async () => {
    const [resource, other] = [newResource(), newResource()];
    await replace(other, policyOf("1", "allUsers"));
    await replace(resource, policyOf("1", "user:1", "user:2"));
    await replace(resource, policyOf("2", "user:3", "user:3"));
    expect(await readPolicy(suite.metadata.read, resource)).toEqual(policyOf("2", "user:3"));
    await replace(resource, policyOf("3"));
    expect(await readPolicy(suite.metadata.read, resource)).toEqual(policyOf("3"));
    expect(await readPolicy(suite.metadata.read, other)).toEqual(policyOf("1", "allUsers"));
  });

  test("a hundred who read, add one member and write back lose none", async () => {
    const resource = newResource();
    const members = Array.from({ length: 100 }, (_, index): MemberKey => `user:${index + 100}`);
    await Promise.all(
      members.map((member) =>
        suite.metadata.write(async (write) => {
          const policy = await readPolicy(write, resource);
          const bindings = [...policy.bindings, { member, role: "roles/viewer", condition: "" }];
          await replacePolicy(write, resource, { etag: `${Number(policy.etag) + 1}`, bindings }, now);
        }),
      ),
    );
    expect(await readPolicy(suite.metadata.read, resource)).toEqual(policyOf("100", ...members));
  }, 60_000);

  test("who reads while a policy is replaced never gets the new etag with old bindings", async () => {
    const resource = newResource();
    await replace(resource, policyOf("0", "user:0"));
    let ended = false;
    const writer = (async () => {
      for (let round = 1; round <= 100; round++) await replace(resource, policyOf(`${round}`, `user:${round}`));
      ended = true;
    })();
    while (!ended) {
      const { etag, bindings } = await readPolicy(suite.metadata.read, resource);
      expect(bindings).toHaveLength(1);
      expect(Number(bindings[0]?.member.slice("user:".length))).toBeGreaterThanOrEqual(Number(etag));
      await Bun.sleep(0);
    }
    await writer;
  }, 30_000);
}
