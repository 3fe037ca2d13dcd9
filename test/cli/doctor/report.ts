// Reads what `waybill doctor --format=json` printed, and looks for what it must not print.
import { expect } from "bun:test";

type Link = { name: string; status: string; found: string; mend?: string; fix?: string };

export type Report = ReturnType<typeof reportOf>;

export function reportOf({ exitCode, stdout, stderr }: { exitCode: number; stdout: string; stderr: string }) {
  const { image, healthy, links } = JSON.parse(stdout) as { image: string; healthy: boolean; links: Link[] };
  const broken = links.filter(({ status }) => status === "broken");
  expect(healthy).toBe(exitCode === 0);
  for (const { name, mend } of broken) expect(mend, name).toBeString();
  return {
    exitCode,
    stderr,
    image,
    healthy,
    statuses: Object.fromEntries(links.map(({ name, status }) => [name, status])),
    broken: broken.map(({ name }) => name),
    link(name: string): Link {
      const found = links.find((link) => link.name === name);
      if (!found) throw new Error(`there is no link ${name} in ${stdout}`);
      return found;
    },
  };
}

/** Tokens, keys and passwords that are in a text. */
export function secretsIn(text: string): string[] {
  return text.match(/eyJ[\w-]+\.|wb[a-z]_[\w-]+|PRIVATE KEY|hush|[A-Za-z0-9+/]{200,}/g) ?? [];
}
