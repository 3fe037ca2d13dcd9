/** `push-test-image HOST:PORT/REPOSITORY:TAG KEY-FILE`: hidden commands of pages put an image into a registry with it. */
import { CheckClient } from "../clients/check-client.ts";
import { makeImage } from "../clients/image.ts";
import { partsOf } from "../clients/image-client.ts";

const [reference = "", keyFile = ""] = process.argv.slice(2);
const { host, repository, tag } = partsOf(reference);
const client = new CheckClient(`http://${host}`, { username: "_json_key", password: await Bun.file(keyFile).text() });
await client.push(repository, tag, makeImage({ largeLayerBytes: 10_000 }));
