import { describe, expect, test } from "bun:test";
import { type Administration, Refused } from "../../src/client/administration.ts";
import { changePolicy, type Policy, withBinding, withoutBinding } from "../../src/client/policy.ts";

const robot = "serviceAccount:robot@p.test";
const policy: Policy = { etag: "e1", bindings: [{ role: "roles/viewer", members: [robot, "allUsers"] }] };

describe("withBinding", () => {
  test("adds a member to a role that is there, or a role", () => {
    expect(withBinding(policy, { role: "roles/viewer", member: "user:a@p.test" }).bindings).toEqual([
      { role: "roles/viewer", members: [robot, "allUsers", "user:a@p.test"] },
    ]);
    const grown = withBinding(policy, { role: "roles/owner", member: robot });
    expect(grown.bindings?.[1]).toEqual({ role: "roles/owner", members: [robot] });
    expect(grown.etag).toBe("e1");
    expect(withBinding({}, { role: "roles/owner", member: robot }).bindings).toHaveLength(1);
  });

  test("changes nothing where it is there already, in whatever case", () => {
    expect(withBinding(policy, { role: "roles/viewer", member: "serviceAccount:Robot@P.test" })).toBe(policy);
  });
});

describe("withoutBinding", () => {
  test("takes a member out, and with the last one the binding", () => {
    const once = withoutBinding(policy, { role: "roles/viewer", member: robot });
    expect(once.bindings).toEqual([{ role: "roles/viewer", members: ["allUsers"] }]);
    expect(withoutBinding(once, { role: "roles/viewer", member: "allUsers" }).bindings).toEqual([]);
  });

  test("says when there is no such binding", () => {
    expect(() => withoutBinding(policy, { role: "roles/owner", member: robot })).toThrow("does not have roles/owner");
    expect(() => withoutBinding(policy, { role: "roles/viewer", member: "allusers" })).toThrow("by this policy");
  });
});

describe("changePolicy", () => {
  /** Somebody else changes the policy before each of the first `conflicts` writes. */
  function contested(conflicts: number) {
    const calls: string[] = [];
    const call = async (_method: string, path: string, body: { policy?: Policy }) => {
      calls.push(path);
      if (path.endsWith(":getIamPolicy")) return { ...policy, etag: `e${calls.length}` };
      if (conflicts-- > 0) throw new Refused("ABORTED", "concurrent changes");
      return body.policy;
    };
    return { calls, administration: { call } as unknown as Administration };
  }
  const add = (read: Policy) => withBinding(read, { role: "roles/owner", member: robot });
  const noSleep = async () => {};

  test("reads again when somebody was quicker", async () => {
    const { calls, administration } = contested(2);
    const changed = await changePolicy(administration, { project: "p" }, add, noSleep);
    expect(calls).toHaveLength(6);
    expect(changed.etag).toBe("e5");
  });

  test("gives up in the end", async () => {
    const { administration } = contested(100);
    await expect(changePolicy(administration, { project: "p" }, add, noSleep)).rejects.toThrow("concurrent changes");
  });

  test("writes nothing where nothing changes", async () => {
    const { calls, administration } = contested(0);
    await changePolicy(
      administration,
      { project: "p", location: "gcr.io", repository: "a/b" },
      (same) => same,
      noSleep,
    );
    expect(calls).toEqual(["/v1/projects/p/locations/gcr.io/repositories/a%2Fb:getIamPolicy"]);
  });
});
