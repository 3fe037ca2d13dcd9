// What a program does that uses Google's library and is told nothing: run by metadata-server.test.ts.
import { GoogleAuth } from "google-auth-library";

const [, , scope] = process.argv;
const auth = new GoogleAuth({ scopes: [scope] });
const client = await auth.getClient();
const { token } = await client.getAccessToken();
const project = await auth.getProjectId();
const idToken = await (await auth.getIdTokenClient("https://run.test")).idTokenProvider.fetchIdToken(
  "https://run.test",
);
const claims = JSON.parse(Buffer.from(idToken.split(".")[1], "base64url").toString());
const wider = new GoogleAuth({ scopes: ["https://www.googleapis.com/auth/cloud-platform"] });
const refused = await (await wider.getClient()).getAccessToken().then(
  () => "",
  (error) => `${error.message} ${JSON.stringify(error.response?.data ?? "")}`,
);
console.log(JSON.stringify({ token, project, claims, refused }));
