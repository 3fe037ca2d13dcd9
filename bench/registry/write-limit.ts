/**
 * What no registry can beat on one thread: the bytes hashed, written and synced, without a network. `bun write-limit.ts FOLDER
 * BYTES TIMES` prints the milliseconds of each time as JSON.
 *
 * The files stay until the end, as they do in a registry: a virtual machine pays for memory that it has not used lately, and a file
 * that is deleted at once would hand its pages to the next.
 */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";

const [folder = ".", bytes = "0", times = "1"] = process.argv.slice(2);
const piece = crypto.getRandomValues(Buffer.alloc(65_536));
const block = Buffer.concat(Array(16).fill(piece));
const latencies: number[] = [];
for (let time = 0; time < Number(times); time++) {
  const path = join(folder, `limit-${time}`);
  const started = performance.now();
  const file = openSync(path, "w");
  const hasher = new Bun.CryptoHasher("sha256");
  for (let left = Number(bytes); left > 0; left -= block.byteLength) {
    const part = block.subarray(0, Math.min(left, block.byteLength));
    hasher.update(part);
    writeSync(file, part);
  }
  hasher.digest("hex");
  fsyncSync(file);
  closeSync(file);
  const shelf = openSync(folder, "r");
  fsyncSync(shelf);
  closeSync(shelf);
  latencies.push(performance.now() - started);
}
for (let time = 0; time < Number(times); time++) rmSync(join(folder, `limit-${time}`));
console.log(JSON.stringify(latencies));
