import type { Metadata } from "../storage/metadata/metadata.ts";
import { forgetStorageSamples, sampleStorage } from "../storage/metadata/storage-samples.ts";
import type { Chore } from "./chores.ts";

const hourMilliseconds = 3_600_000;
const dayMilliseconds = 24 * hourMilliseconds;
const daysKept = 400;

/** Keeps how much each project stores from day to day, for the plot of its page. */
export function storageSamples(metadata: Metadata, now: () => number): Chore {
  return {
    name: "noting what projects store",
    everyMilliseconds: hourMilliseconds,
    run: async () => {
      const day = Math.floor(now() / dayMilliseconds);
      await metadata.write(async (write) => {
        await sampleStorage(write, day);
        await forgetStorageSamples(write, day - daysKept);
      });
    },
  };
}
