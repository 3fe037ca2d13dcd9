import { z } from "zod";
import { AdministrationError } from "../../identity/administration-error.ts";
import type { SessionRow } from "../../storage/metadata/sessions.ts";
import type { UserDetails } from "../../storage/metadata/users.ts";
import { endLogin, loginJson, timeText } from "./login-json.ts";
import { nextPageToken, pageQuery, parsePage } from "./page.ts";
import { type ApiCall, type Route, route } from "./route.ts";

const usersPerPageMax = 200;
const one = "/v1/users/{user}";
const emptySchema = z.strictObject({});
const inviteSchema = z.strictObject({ email: z.string().max(300) });
const listQuery = z.strictObject(pageQuery);

/** The people of the server: ours, for Google has them in another product. They belong to no project. */
export const userRoutes: readonly Route[] = [
  route({
    method: "GET",
    pattern: "/v1/users",
    target: "server",
    permission: "iam.users.list",
    query: listQuery,
    handle: listUsers,
  }),
  route({
    method: "POST",
    pattern: "/v1/users:invite",
    target: "server",
    permission: "iam.users.invite",
    body: inviteSchema,
    handle: invite,
  }),
  route({
    method: "GET",
    pattern: one,
    target: "user",
    permission: "iam.users.get",
    handle: async ({ found }) => userJson(found.user),
  }),
  route({
    method: "DELETE",
    pattern: one,
    target: "user",
    permission: "iam.users.delete",
    handle: async ({ services, found }) => {
      await services.users.delete(found.user);
      return {};
    },
  }),
  ...(["disable", "enable"] as const).map((verb) =>
    route({
      method: "POST",
      pattern: `${one}:${verb}`,
      target: "user",
      permission: "iam.users.update",
      body: emptySchema,
      handle: async ({ services, found }) => {
        await services.users.setDisabled(found.user, verb === "disable");
        return {};
      },
    }),
  ),
  route({
    method: "GET",
    pattern: `${one}/sessions`,
    target: "user",
    permission: "iam.users.get",
    handle: async ({ services, found }) => {
      const sessions = await services.sessions.list(found.user.id);
      return { sessions: sessions.map((session) => sessionJson(found.user, session)) };
    },
  }),
  route({
    method: "DELETE",
    pattern: `${one}/sessions/{session}`,
    target: "user",
    permission: "iam.users.update",
    handle: async ({ services, found, path }) => {
      if (await services.sessions.end(found.user.id, path.session ?? "")) return {};
      throw new AdministrationError("not_found", "There is no such session, or it has ended already.");
    },
  }),
  route({
    method: "GET",
    pattern: `${one}/logins`,
    target: "user",
    permission: "iam.users.get",
    handle: async ({ services, found: { user } }) => {
      const logins = await services.logins.list(`user:${user.id}`);
      return { logins: logins.map((login) => loginJson(nameOf(user), login)) };
    },
  }),
  route({
    method: "DELETE",
    pattern: `${one}/logins/{login}`,
    target: "user",
    permission: "iam.users.update",
    handle: async ({ services, found, path }) => await endLogin(services, `user:${found.user.id}`, path.login ?? ""),
  }),
];

async function listUsers({ services, query }: ApiCall<"server", unknown, z.infer<typeof listQuery>>) {
  const page = parsePage(query, usersPerPageMax);
  const rows = await services.users.list(page.after, page.limit);
  return {
    users: rows.map(userJson),
    ...nextPageToken(
      rows.map(({ email }) => email),
      page,
    ),
  };
}

/** The link is in the answer once: whoever opens it becomes that user. Its code is in the fragment, out of every log. */
async function invite({ services, body, context }: ApiCall<"server", z.infer<typeof inviteSchema>, unknown>) {
  const { user, code, expiresAt } = await services.users.invite(body.email);
  return {
    user: userJson(user),
    link: `${context.origin}/console/invitation#code=${code}`,
    expireTime: timeText(expiresAt),
  };
}

function userJson(user: UserDetails) {
  const { id, email, createdAt, joinedAt, disabledAt } = user;
  return {
    name: nameOf(user),
    uniqueId: id,
    email,
    createTime: timeText(createdAt),
    ...(joinedAt !== null && { joinTime: timeText(joinedAt) }),
    ...(disabledAt !== null && { disabled: true }),
  };
}

function sessionJson(user: UserDetails, session: SessionRow) {
  const { id, how, address, agent, createdAt, usedAt, expiresAt } = session;
  return {
    name: `${nameOf(user)}/sessions/${id}`,
    how,
    ...(address !== "" && { address }),
    ...(agent !== "" && { agent }),
    createTime: timeText(createdAt),
    lastUseTime: timeText(usedAt),
    expireTime: timeText(expiresAt),
  };
}

function nameOf({ email }: UserDetails): string {
  return `users/${email}`;
}
