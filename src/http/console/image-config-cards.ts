import { html } from "hono/html";
import type { DescribedImage } from "../../registry/described-images.ts";
import type { Html } from "./page.ts";
import { byteText } from "./parts/byte-text.ts";
import { timeAgo } from "./parts/time.ts";

/** What an image claims may be long; a page has room for so much of it. */
const stepsShown = 200;
const namesShown = 100;
const textCharactersShown = 2000;

/** How the image was built, step by step; layers stand beside the step that made them. */
export function historyCard({ config, layers }: DescribedImage, now: number): Html | undefined {
  if (!config || config.history.length === 0) return undefined;
  let layer = 0;
  const step = (each: (typeof config.history)[number]) => {
    const made = each.isEmptyLayer ? undefined : layers[layer++];
    const size = made && html` · layer ${layer}, ${byteText(made.size)}`;
    const time = each.createdAt !== undefined && timeAgo(each.createdAt, now);
    return html`<li><code>${shorten(each.createdBy) || "no command"}</code>
<p class="soft small">${time}${each.comment !== "" && html` · ${shorten(each.comment)}`}${size}</p></li>`;
  };
  const left = config.history.length - stepsShown;
  return html`<section class="card"><h2>History</h2><ol class="steps">${config.history.slice(0, stepsShown).map(step)}</ol>
${left > 0 && html`<p class="soft">and ${left} more steps</p>`}</section>`;
}

/** What a container of the image runs. */
export function configCard({ config }: DescribedImage): Html | undefined {
  if (!config) return undefined;
  const { entrypoint, command, user, workingDirectory, ports, author } = config;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["Entrypoint", entrypoint.join(" ")],
    ["Command", command.join(" ")],
    ["User", user],
    ["Folder", workingDirectory],
    ["Ports", ports.join(", ")],
    ["Author", author],
  ];
  const known = facts.filter(([, text]) => text);
  if (known.length === 0) return undefined;
  return html`<section class="card"><h2>Configuration</h2><dl class="facts">${known.map(
    ([name, text]) => html`<dt>${name}</dt><dd><code>${shorten(text ?? "")}</code></dd>`,
  )}</dl></section>`;
}

/** Labels or annotations: names and texts that whoever pushed the image chose. */
export function namesCard(title: string, names: Readonly<Record<string, string>>): Html | undefined {
  const entries = Object.entries(names);
  if (entries.length === 0) return undefined;
  const left = entries.length - namesShown;
  return html`<section class="card"><h2>${title}</h2><dl class="names">${entries
    .slice(0, namesShown)
    .map(([name, text]) => html`<dt>${shorten(name)}</dt><dd>${shorten(text)}</dd>`)}</dl>
${left > 0 && html`<p class="soft">and ${left} more</p>`}</section>`;
}

function shorten(text: string): string {
  return text.length > textCharactersShown ? `${text.slice(0, textCharactersShown)}…` : text;
}
