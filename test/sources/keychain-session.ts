// Run by keychain.test.ts inside a session bus of its own: keeps, reads and forgets a refresh token in the real keychain.
import { deleteRefreshToken, readRefreshToken, writeRefreshToken } from "../../src/sources/login/refresh-token.ts";
import { Secret } from "../../src/sources/secret.ts";

const email = "me@example.com";
const keptIn = await writeRefreshToken(process.env, email, new Secret("refresh-1"), true);
const again = await writeRefreshToken(process.env, email, new Secret("refresh-2"), true);
const read = (await readRefreshToken(process.env, email, { keptIn })).reveal();
await deleteRefreshToken(process.env, email, { keptIn });
const after = await readRefreshToken(process.env, email, { keptIn }).then(
  () => "still there",
  () => "gone",
);
console.log(JSON.stringify({ keptIn, again, read, after }));
