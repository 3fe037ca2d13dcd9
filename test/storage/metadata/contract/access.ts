import { expect, test } from "bun:test";
import { listCandidates, type Within } from "../../../../src/storage/metadata/candidates.ts";
import {
  listConstraints,
  markConstraint,
  putConstraint,
  removeConstraint,
} from "../../../../src/storage/metadata/constraints.ts";
import {
  findCustomRole,
  insertCustomRole,
  listCustomRoles,
  updateCustomRole,
} from "../../../../src/storage/metadata/custom-roles.ts";
import {
  findDenyPolicy,
  guardKey,
  listDenyPolicies,
  putDenyPolicy,
  removeDenyPolicy,
} from "../../../../src/storage/metadata/deny-policies.ts";
import {
  deleteGroupMember,
  findGroup,
  findGroupMember,
  findGroupName,
  type GroupRow,
  insertGroup,
  insertGroupMember,
  listGroupMembers,
  listGroups,
  listGroupsIn,
  listGroupsOf,
  markGroupDeleted,
  updateGroup,
} from "../../../../src/storage/metadata/groups.ts";
import { listBindingsOf, listGuardsOf } from "../../../../src/storage/metadata/policies.ts";
import { insertProject } from "../../../../src/storage/metadata/projects.ts";
import { ensureRepository } from "../../../../src/storage/metadata/repositories.ts";
import type { MemberKey, ResourceKey } from "../../../../src/storage/metadata/schema.ts";
import type { Suite } from "../databases.ts";
import { addProject, newId, now } from "../fixtures.ts";

/** Groups, roles of projects, deny rules and constraints. */
export function access(suite: Suite): void {
  const read = () => suite.metadata.read;
  const newGroup = (): GroupRow => {
    const id = newId();
    return { id, email: `g${id}@example.com`, displayName: "", description: "", createdAt: now };
  };
  const addGroup = async (group = newGroup()) => {
    expect(await suite.metadata.write((write) => insertGroup(write, group))).toBe(true);
    return group;
  };
  const addMember = (group: GroupRow, member: MemberKey) =>
    suite.metadata.write((write) => insertGroupMember(write, group.id, member, now));

  test("a group is found by e-mail and by id, changed, and listed in the order of e-mails", async () => {
    const group = await addGroup();
    const again = { ...group, id: newId() };
    expect(await suite.metadata.write((write) => insertGroup(write, again))).toBe(false);
    const change = { displayName: "Team", description: "all of it" };
    await suite.metadata.write((write) => updateGroup(write, group.id, change));
    expect(await findGroup(read(), group.email)).toEqual({ ...group, ...change });
    expect(await findGroup(read(), group.id)).toEqual({ ...group, ...change });
    expect((await listGroups(read(), group.email.slice(0, -1), 1)).map(({ id }) => id)).toEqual([group.id]);
  });

  test("members are added and removed once, and listed in the order of their keys", async () => {
    const group = await addGroup();
    const [one, two]: MemberKey[] = [`user:1${newId()}`, `user:2${newId()}`];
    expect([await addMember(group, two as MemberKey), await addMember(group, one as MemberKey)]).toEqual([true, true]);
    expect(await addMember(group, one as MemberKey)).toBe(false);
    expect((await listGroupMembers(read(), group.id, "", 10)).map(({ member }) => member)).toEqual([
      one as MemberKey,
      two as MemberKey,
    ]);
    expect(await listGroupMembers(read(), group.id, one as string, 10)).toHaveLength(1);
    expect((await findGroupMember(read(), group.id, one as MemberKey))?.member).toBe(one);
    expect(await findGroupMember(read(), newId(), one as MemberKey)).toBeUndefined();
    const remove = () => suite.metadata.write((write) => deleteGroupMember(write, group.id, one as MemberKey));
    expect([await remove(), await remove()]).toEqual([true, false]);
  });

  test("groups of groups count eight deep, and a circle does no harm", async () => {
    const member: MemberKey = `user:${newId()}`;
    const chain = await Promise.all(Array.from({ length: 10 }, () => addGroup()));
    await addMember(chain[0] as GroupRow, member);
    for (const [index, group] of chain.slice(1).entries()) await addMember(group, `group:${chain[index]?.id ?? ""}`);
    await addMember(chain[0] as GroupRow, `group:${chain[2]?.id ?? ""}`);
    const ids = await suite.metadata.hot.groupsOf([member, "domain:example.org"]);
    expect(ids.toSorted()).toEqual(
      chain
        .slice(0, 8)
        .map(({ id }) => id)
        .toSorted(),
    );
    expect(await suite.metadata.hot.groupsOf([])).toEqual([]);
    const first = chain[0] as GroupRow;
    expect(await listGroupsOf(read(), [member])).toEqual([first.id]);
    expect(await listGroupsIn(read(), [first.id])).toEqual([chain[2]?.id ?? ""]);
  });

  test("a deleted group has no members, is none, and leaves its e-mail to another", async () => {
    const [group, parent] = [await addGroup(), await addGroup()];
    const member: MemberKey = `user:${newId()}`;
    await addMember(group, member);
    await addMember(parent, `group:${group.id}`);
    await suite.metadata.write((write) => markGroupDeleted(write, group.id, now));
    expect(await suite.metadata.hot.groupsOf([member])).toEqual([]);
    expect(await listGroupMembers(read(), parent.id, "", 10)).toEqual([]);
    expect(await findGroup(read(), group.id)).toBeUndefined();
    expect(await findGroupName(read(), group.id)).toEqual({ email: group.email, deletedAt: now });
    await addGroup({ ...group, id: newId() });
  });

  test("however many members and resources are asked about, all their bindings are found", async () => {
    const resources = Array.from({ length: 40 }, (): ResourceKey => `project/${newId()}`);
    const members = Array.from({ length: 300 }, (): MemberKey => `group:${newId()}`);
    await suite.metadata.write(async (write) => {
      for (const [index, resource] of resources.entries()) {
        const member = members[index * 7] as MemberKey;
        await write.insertInto("bindings").values({ resource, member, role: "roles/viewer", condition: "" }).execute();
      }
    });
    expect(await suite.metadata.hot.bindings(resources, members)).toHaveLength(40);
    expect(await suite.metadata.hot.bindings(resources.slice(0, 5), members.slice(0, 17))).toHaveLength(3);
    expect(await suite.metadata.hot.bindings([], members)).toEqual([]);
  });

  test("a project's role is in force while it is neither deleted nor disabled", async () => {
    const projectId = newId();
    const project = { id: projectId, name: `p${projectId}`, displayName: "", createdAt: now };
    await suite.metadata.write((write) => insertProject(write, project));
    const id = `projects/${projectId}/roles/pusher`;
    const role = {
      ...{ id, projectId, title: "Pusher", description: "", stage: "GA", permissions: '["a.b"]', etag: "1" },
      ...{ createdAt: now, deletedAt: null },
    };
    const change = (more: object) => suite.metadata.write((write) => updateCustomRole(write, { ...role, ...more }));
    expect(await suite.metadata.write((write) => insertCustomRole(write, role))).toBe(true);
    expect(await suite.metadata.write((write) => insertCustomRole(write, role))).toBe(false);
    expect(await findCustomRole(read(), id)).toEqual(role);
    expect(await suite.metadata.hot.customRole(id)).toBe('["a.b"]');
    await change({ stage: "DISABLED" });
    expect(await suite.metadata.hot.customRole(id)).toBeUndefined();
    await change({ deletedAt: now });
    expect(await suite.metadata.hot.customRole(id)).toBeUndefined();
    const page = { after: "", limit: 10 };
    expect(await listCustomRoles(read(), projectId, { ...page, deleted: false })).toEqual([]);
    expect(await listCustomRoles(read(), projectId, { ...page, deleted: true })).toHaveLength(1);
  });

  test("a deny policy names those it denies where decisions look, and nobody once it is gone", async () => {
    const resource: ResourceKey = `project/${newId()}`;
    const policy = (name: string, rules: string) => ({
      ...{ resource, name, displayName: "", rules, etag: "1", createdAt: now, updatedAt: now },
    });
    const put = (name: string, rules: string, ...members: MemberKey[]) =>
      suite.metadata.write((write) =>
        putDenyPolicy(
          write,
          policy(name, rules),
          members.map((member) => ({ member, role: `deny:${name}/0` })),
        ),
      );
    const denied = async () =>
      (await suite.metadata.hot.bindings([guardKey(resource)], ["allUsers", "user:1", "user:2"])).map(
        ({ member, role }) => `${member} ${role}`,
      );
    await put("no", "[1]", "user:1");
    await put("no-push", "[2]", "user:1", "user:2", "user:2");
    await put("no", "[3]", "allUsers");
    expect((await denied()).sort()).toEqual(["allUsers deny:no/0", "user:1 deny:no-push/0", "user:2 deny:no-push/0"]);
    expect(await suite.metadata.hot.denyRules(resource, "no")).toBe("[3]");
    expect(await findDenyPolicy(read(), resource, "no")).toEqual(policy("no", "[3]"));
    expect((await listDenyPolicies(read(), resource, "no", 5)).map(({ name }) => name)).toEqual(["no-push"]);
    await suite.metadata.write((write) => removeDenyPolicy(write, resource, "no-push"));
    expect(await denied()).toEqual(["allUsers deny:no/0"]);
    expect(await findDenyPolicy(read(), resource, "no-push")).toBeUndefined();
  });

  test("a constraint is set, replaced, shown to decisions, and taken back", async () => {
    const resource: ResourceKey = `project/${newId()}`;
    const row = (value: string) => ({ resource, name: "a.b", value, etag: value, updatedAt: now });
    await suite.metadata.write((write) => putConstraint(write, row("true")));
    await suite.metadata.write((write) => putConstraint(write, row("false")));
    await suite.metadata.write((write) => putConstraint(write, { ...row("1"), name: "c" }));
    expect(await listConstraints(read(), [resource, `project/${newId()}`], "a.b")).toEqual([row("false")]);
    expect(await listConstraints(read(), [resource])).toHaveLength(2);
    await suite.metadata.write((write) => removeConstraint(write, resource, "c"));
    expect(await listConstraints(read(), [resource])).toEqual([row("false")]);
    const marks = async () =>
      (await suite.metadata.hot.bindings([guardKey(resource)], ["allUsers"])).map(({ role }) => role);
    for (const state of ["on", "off"] as const) {
      await suite.metadata.write((write) => markConstraint(write, resource, "a.b", state));
      expect(await marks()).toEqual([`constraint:a.b:${state}`]);
    }
    await suite.metadata.write((write) => markConstraint(write, resource, "a.b", "unset"));
    expect(await marks()).toEqual([]);
  });

  test("a member's bindings are listed, and what limits them on its own", async () => {
    const member: MemberKey = `user:${newId()}`;
    const resource: ResourceKey = `project/${newId()}`;
    const row = (of: ResourceKey) => ({ resource: of, member, role: "roles/viewer", condition: "" });
    await suite.metadata.write(async (write) => {
      for (const of of [resource, guardKey(resource)]) await write.insertInto("bindings").values(row(of)).execute();
    });
    expect(await listBindingsOf(read(), [member], 10)).toEqual([row(resource)]);
    expect(await listGuardsOf(read(), [member])).toEqual([row(guardKey(resource))]);
  });

  test("the repositories of a place are listed with their projects", async () => {
    const project = await addProject(suite.metadata);
    const names = ["a", "team", "team/a", "team/b/c", "team-b/a", "teams/a"];
    const ids = new Map<string, string>();
    await suite.metadata.write(async (write) => {
      for (const [index, name] of names.entries()) {
        const location = index === 0 ? "us" : "eu";
        ids.set(name, await ensureRepository(write, { location, projectId: project.id, name }, now));
      }
    });
    const of = async (within: Within) =>
      (await listCandidates(read(), within, 10)).map(({ image }) => image).toSorted();
    expect(await of({ projectId: project.id })).toEqual(names.toSorted());
    expect(await of({ projectId: project.id, location: "eu", prefix: "team" })).toEqual(["team/a", "team/b/c"]);
    expect(await listCandidates(read(), { repositoryId: ids.get("a") ?? "" }, 10)).toEqual([
      { id: ids.get("a") ?? "", location: "us", projectId: project.id, project: project.name, image: "a" },
    ]);
    expect(await listCandidates(read(), { projectId: project.id }, 2)).toHaveLength(2);
  });
}
