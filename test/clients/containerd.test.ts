import { afterAll, beforeAll, expect } from "bun:test";
import type { Credentials } from "./check-client.ts";
import { clientTest } from "./client-test.ts";
import { type Containerd, startContainerd } from "./containerd.ts";
import { makeImage } from "./image.ts";
import { missing, type Need } from "./machine.ts";
import { checkClientAs, compare, keyOf, mustRefuse, pushAs } from "./ways.ts";
import { type Account, createWorld, PROJECT, type World } from "./world.ts";

const NEEDS: readonly Need[] = ["containerd", "ctr", "root"];

let stack: AsyncDisposableStack | undefined;
let world: World;
let containerd: Containerd;

beforeAll(async () => {
  if (missing(NEEDS).length > 0) return;
  stack = new AsyncDisposableStack();
  world = stack.use(await createWorld({ engine: false }));
  containerd = stack.use(await startContainerd());
}, 60_000);
afterAll(() => stack?.disposeAsync(), 60_000);

const named = (name: string) => `${world.server.host}/${PROJECT}/${name}`;

async function tokenOf({ keyFile }: Account, scope = "devstorage.read_write"): Promise<Credentials> {
  const command = ["auth", "print-access-token", `--scopes=${scope}`, `--key-file=${keyFile}`];
  return { username: "oauth2accesstoken", password: (await world.server.administer(...command)).trim() };
}

clientTest("ctr pushes and pulls with an access token", NEEDS, async () => {
  const [image, reference] = [makeImage(), named("ctr-token:1")];
  await containerd.load(image, reference);
  await containerd.push(reference, await tokenOf(world.writer));
  await compare(world, reference, image);
  const { manifestDigest } = await (await checkClientAs(world.reader, world)).pull(`${PROJECT}/ctr-token`, "1");
  expect(await containerd.pull(reference, await tokenOf(world.reader, "devstorage.read_only"))).toBe(manifestDigest);
});

clientTest("ctr pulls with a JSON key as password, by tag and by digest", NEEDS, async () => {
  const image = makeImage();
  await pushAs(world.writer, world, named("ctr-key:1"), image);
  const credentials = { username: "_json_key", password: await keyOf(world.reader) };
  const { digest } = image.manifest;
  expect(await containerd.pull(named("ctr-key:1"), credentials)).toBe(digest);
  expect(await containerd.pull(named(`ctr-key@${digest}`), credentials)).toBe(digest);
});

clientTest("ctr pushes a second name of an image without sending its layers again", NEEDS, async () => {
  const [image, credentials] = [makeImage(), await tokenOf(world.writer)];
  await containerd.load(image, named("ctr-first:1"));
  await containerd.push(named("ctr-first:1"), credentials);
  await containerd.ctr("images", "tag", named("ctr-first:1"), named("ctr-second:1"));
  await containerd.push(named("ctr-second:1"), credentials);
  await compare(world, named("ctr-second:1"), image);
});

clientTest("ctr is told why a reader may not push, and asked for a password where it has none", NEEDS, async () => {
  const [image, reference] = [makeImage({ largeLayerBytes: 1000 }), named("ctr-refused:1")];
  await containerd.load(image, reference);
  const push = async () => containerd.push(reference, await tokenOf(world.reader));
  await mustRefuse(push, /denied|forbidden|insufficient_scope|authorization failed/i);
  await mustRefuse(() => containerd.pull(named("ctr-absent:1")), /authorization failed|unauthorized|401/i);
});
