// An OIDC provider of somebody else, run as a process of its own: `node oidc-provider.ts CLIENT-ID SECRET REDIRECT…`. Whoever
// signs in types a name; `name!` has an e-mail that nobody verified, `name+sub` is the subject `sub` with the e-mail of `name`.
// @ts-expect-error: the package has no types of its own, and this is all that is used of it.
import Provider from "oidc-provider";

const [clientId, clientSecret, ...redirectUris] = process.argv.slice(2);
const reserved = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
const { port } = reserved;
await reserved.stop(true);
const issuer = `http://127.0.0.1:${port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: clientId,
      client_secret: clientSecret,
      redirect_uris: redirectUris,
      response_types: ["code"],
      grant_types: ["authorization_code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  features: { devInteractions: { enabled: true } },
  pkce: { required: () => true },
  cookies: { keys: ["a key for cookies of a test"] },
  findAccount: (_: unknown, id: string) => {
    const [, name = "", subject = name] = /^([^+!]+)(?:\+([^!]+))?/.exec(id) ?? [];
    const claims = { sub: subject, email: name, email_verified: !id.endsWith("!") };
    return { accountId: id, claims: () => claims };
  },
});
provider.listen(port, "127.0.0.1", () => console.log(`ready: ${issuer}`));
