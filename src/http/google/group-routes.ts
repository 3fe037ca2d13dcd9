import { z } from "zod";
import type { GroupMember } from "../../access/groups.ts";
import type { GroupRow } from "../../storage/metadata/groups.ts";
import { ApiError, invalidField } from "./api-error.ts";
import { nextPageToken, pageQuery, parsePage } from "./page.ts";
import { type ApiCall, type Route, route } from "./route.ts";
import type { GoogleServices } from "./services.ts";

const groupsPerPageMax = 500;
const membersPerPageMax = 1000;
const one = "/v1/groups/{group}";
const members = `${one}/memberships`;

const keySchema = z.strictObject({ id: z.string().max(512), namespace: z.literal("").optional() });
const ignored = z.string().max(300).optional();
const groupSchema = z.strictObject({
  groupKey: keySchema,
  displayName: z.string().default(""),
  description: z.string().default(""),
  /** Everything above all groups is the one server; the labels are Google's, and say only what kind of group it is. */
  parent: ignored,
  labels: z.record(z.string().max(100), z.string().max(100)).optional(),
});
const patchSchema = z.strictObject({
  displayName: z.string().optional(),
  description: z.string().optional(),
  name: ignored,
  parent: ignored,
  groupKey: keySchema.optional(),
});
const membershipSchema = z.strictObject({
  preferredMemberKey: keySchema,
  /** Members are members here: nobody manages a group by being in it. */
  roles: z
    .array(z.strictObject({ name: z.literal("MEMBER", "is MEMBER: who manages groups is up to policies") }))
    .optional(),
});
const createQuery = z.strictObject({ initialGroupConfig: z.enum(["EMPTY", "WITH_INITIAL_OWNER"]).optional() });
const listQuery = z.strictObject({ ...pageQuery, parent: ignored, view: z.enum(["BASIC", "FULL"]).optional() });
const lookupQuery = z.strictObject({
  "groupKey.id": z.string().max(512),
  "groupKey.namespace": z.literal("").optional(),
});
const memberLookupQuery = z.strictObject({
  "memberKey.id": z.string().max(512),
  "memberKey.namespace": z.literal("").optional(),
});
const memberListQuery = z.strictObject({ ...pageQuery, view: z.enum(["BASIC", "FULL"]).optional() });
const patchQuery = z.strictObject({ updateMask: z.string().max(200).optional() });

/** Cloud Identity v1, as far as it speaks of groups and who is in them. */
export const groupRoutes: readonly Route[] = [
  route({
    method: "POST",
    pattern: "/v1/groups",
    target: "server",
    permission: "cloudidentity.groups.create",
    body: groupSchema,
    query: createQuery,
    handle: async ({ services, body }) => {
      const { displayName, description } = body;
      return done("Group", groupJson(await services.groups.create(body.groupKey.id, { displayName, description })));
    },
  }),
  route({
    method: "GET",
    pattern: "/v1/groups",
    target: "server",
    permission: "cloudidentity.groups.list",
    query: listQuery,
    handle: listGroups,
  }),
  route({
    method: "GET",
    pattern: "/v1/groups:lookup",
    target: "server",
    permission: "cloudidentity.groups.get",
    query: lookupQuery,
    handle: async ({ services, query }) => {
      const group = await services.groups.find(query["groupKey.id"]);
      if (!group) throw new ApiError("NOT_FOUND", `Group ${query["groupKey.id"]} does not exist.`);
      return { name: `groups/${group.id}` };
    },
  }),
  route({
    method: "GET",
    pattern: one,
    target: "group",
    permission: "cloudidentity.groups.get",
    handle: async ({ found }) => groupJson(found.group),
  }),
  route({
    method: "PATCH",
    pattern: one,
    target: "group",
    permission: "cloudidentity.groups.update",
    body: patchSchema,
    query: patchQuery,
    handle: updateGroup,
  }),
  route({
    method: "DELETE",
    pattern: one,
    target: "group",
    permission: "cloudidentity.groups.delete",
    handle: async ({ services, found }) => {
      await services.groups.delete(found.group);
      return done("Empty", {});
    },
  }),
  route({
    method: "POST",
    pattern: members,
    target: "group",
    permission: "cloudidentity.groups.update",
    body: membershipSchema,
    handle: async ({ services, found, body }) => {
      const text = await memberText(services, body.preferredMemberKey.id);
      return done("Membership", memberJson(found.group, await services.groups.addMember(found.group, text)));
    },
  }),
  route({
    method: "GET",
    pattern: members,
    target: "group",
    permission: "cloudidentity.groups.get",
    query: memberListQuery,
    handle: listMembers,
  }),
  route({
    method: "GET",
    pattern: `${members}:lookup`,
    target: "group",
    permission: "cloudidentity.groups.get",
    query: memberLookupQuery,
    handle: lookUpMember,
  }),
  route({
    method: "GET",
    pattern: `${members}/{membership}`,
    target: "membership",
    permission: "cloudidentity.groups.get",
    handle: async ({ found }) => memberJson(found.group, found.member),
  }),
  route({
    method: "DELETE",
    pattern: `${members}/{membership}`,
    target: "membership",
    permission: "cloudidentity.groups.update",
    handle: async ({ services, found }) => {
      await services.groups.removeMember(found.group, found.member.key);
      return done("Empty", {});
    },
  }),
];

async function listGroups({ services, query }: ApiCall<"server", unknown, z.infer<typeof listQuery>>) {
  const page = parsePage(query, groupsPerPageMax);
  const rows = await services.groups.list(page.after, page.limit);
  const emails = rows.map(({ email }) => email);
  return { ...(rows.length > 0 && { groups: rows.map(groupJson) }), ...nextPageToken(emails, page) };
}

async function updateGroup(call: ApiCall<"group", z.infer<typeof patchSchema>, z.infer<typeof patchQuery>>) {
  const { services, found, body, query } = call;
  const fields = query.updateMask?.split(",").map((field) => field.trim().replace("display_name", "displayName"));
  if (fields?.some((field) => field !== "displayName" && field !== "description"))
    throw invalidField("updateMask", "may name displayName and description");
  const isMeant = (field: "displayName" | "description") => fields?.includes(field) ?? body[field] !== undefined;
  const details = {
    ...(isMeant("displayName") && { displayName: body.displayName ?? "" }),
    ...(isMeant("description") && { description: body.description ?? "" }),
  };
  return done("Group", groupJson(await services.groups.update(found.group, details)));
}

async function listMembers({ services, found, query }: ApiCall<"group", unknown, z.infer<typeof memberListQuery>>) {
  const page = parsePage(query, membersPerPageMax);
  const rows = await services.groups.members(found.group, page.after, page.limit);
  const keys = rows.map(({ key }) => key);
  return {
    ...(rows.length > 0 && { memberships: rows.map((row) => memberJson(found.group, row)) }),
    ...nextPageToken(keys, page),
  };
}

async function lookUpMember({ services, found, query }: ApiCall<"group", unknown, z.infer<typeof memberLookupQuery>>) {
  const text = await memberText(services, query["memberKey.id"]);
  const member = await services.groups.memberNamed(found.group, text);
  if (!member) throw new ApiError("NOT_FOUND", `${text} is no member of ${found.group.email}.`);
  return { name: memberJson(found.group, member).name };
}

/** Cloud Identity names a member by its e-mail alone; ours may also be written as a policy has them. */
async function memberText({ groups, serviceAccounts }: GoogleServices, text: string): Promise<string> {
  if (/^[a-zA-Z]+:/.test(text)) return text;
  if (serviceAccounts.projectOf(text.toLowerCase()) !== undefined) return `serviceAccount:${text}`;
  return (await groups.find(text)) ? `group:${text}` : `user:${text}`;
}

function groupJson({ id, email, displayName, description, createdAt }: GroupRow) {
  return {
    name: `groups/${id}`,
    groupKey: { id: email },
    ...(displayName !== "" && { displayName }),
    ...(description !== "" && { description }),
    createTime: new Date(createdAt).toISOString(),
    labels: { "cloudidentity.googleapis.com/groups.discussion_forum": "" },
  };
}

const memberTypes: Readonly<Record<string, string>> = {
  user: "USER",
  serviceAccount: "SERVICE_ACCOUNT",
  group: "GROUP",
};

function memberJson(group: GroupRow, { key, name, addedAt }: GroupMember) {
  const kind = name.slice(0, name.indexOf(":"));
  const type = memberTypes[kind];
  return {
    name: `groups/${group.id}/memberships/${Buffer.from(key).toString("base64url")}`,
    preferredMemberKey: { id: type ? name.slice(kind.length + 1) : name },
    type: type ?? "OTHER",
    roles: [{ name: "MEMBER" }],
    createTime: new Date(addedAt).toISOString(),
  };
}

/** Done when it is answered. */
function done(type: string, response: object) {
  const prefix = type === "Empty" ? "google.protobuf" : "google.apps.cloudidentity.groups.v1";
  return { done: true, response: { "@type": `type.googleapis.com/${prefix}.${type}`, ...response } };
}
