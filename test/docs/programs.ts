/** Which clients the commands of a block run, and whether this machine has them. */
import { buildGoProgram, type GoProgram, goMissing } from "../clients/go-program.ts";
import { missing, mustHave, type Need } from "../clients/machine.ts";
import { crane } from "../clients/peers/crane.ts";
import { gcrane } from "../clients/peers/gcrane.ts";
import type { CommandBlock } from "./blocks.ts";

const NEEDS: Readonly<Record<string, readonly Need[]>> = {
  docker: ["docker", "dockerd", "root"],
  podman: ["podman", "root"],
  buildah: ["buildah", "root"],
  skopeo: ["skopeo"],
  ctr: ["containerd", "ctr", "root"],
  gcloud: ["gcloud"],
  openssl: ["openssl"],
  curl: ["curl"],
  python3: ["python with google-auth"],
};

/** Programs that no distribution has; nobody is asked to have Go. */
const GO_PROGRAMS: Readonly<Record<string, GoProgram>> = {
  crane,
  gcrane,
  "docker-credential-gcr": {
    name: "docker-credential-gcr",
    module: "github.com/GoogleCloudPlatform/docker-credential-gcr/v2@v2.2.1",
  },
};

/** On machines of few people, and never asked for. */
const RARE: readonly string[] = ["kubectl"];

export interface Lack {
  /** "needs gcloud" */
  readonly text: string;
  /** The run allows no skipping. */
  readonly fails: boolean;
}

/** Undefined where everything is there. */
export function lackOf(block: CommandBlock): Lack | undefined {
  const words = programsOf(block);
  const needs = missing(words.flatMap((word) => NEEDS[word] ?? []));
  const others = words.filter(
    (word) => (word in GO_PROGRAMS && goMissing()) || (RARE.includes(word) && !Bun.which(word)),
  );
  if (needs.length + others.length === 0) return undefined;
  return { text: `needs ${[...new Set([...needs, ...others])].join(", ")}`, fails: mustHave(needs) };
}

/** The programs of the blocks that have to be built first: name and path. */
export async function goProgramsOf(blocks: readonly CommandBlock[]): Promise<readonly [string, string][]> {
  const names = new Set(blocks.flatMap(programsOf).filter((word) => word in GO_PROGRAMS));
  const build = async (name: string): Promise<[string, string]> => [
    name,
    await buildGoProgram(GO_PROGRAMS[name] as GoProgram),
  ];
  return Promise.all([...names].map(build));
}

/** Words where the shell expects a program: at the start, and after what separates commands. */
export function programsOf({ commands }: CommandBlock): string[] {
  const known = new Set([...Object.keys(NEEDS), ...Object.keys(GO_PROGRAMS), ...RARE]);
  const starts = /(?:^|[\n|;&(]|\$\(|\bdo\b|--)\s*(?:[A-Z_]+=[^\s$(]*\s+)*([a-z0-9-]+)/g;
  const found = commands.flatMap(({ text }) => [...text.matchAll(starts)].map((match) => match[1] ?? ""));
  // A program that the block makes itself, as a link to ours, is not the real one.
  const made = (word: string) => commands.some(({ text }) => /\bln -s\b/.test(text) && text.endsWith(`/${word}`));
  // `waybill docker -- push` and `gcloud docker -- push` run docker.
  const launched = commands.some(({ text }) => /\b(?:waybill|gcloud) docker\b/.test(text)) ? ["docker"] : [];
  return [...new Set([...found, ...launched])].filter((word) => known.has(word) && !made(word));
}
