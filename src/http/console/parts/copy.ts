import { html } from "hono/html";
import type { Html } from "../page.ts";

/** A button that copies; it shows itself where scripts run. */
export function copyButton(text: string, label: string, name = label): Html {
  return html`<button type="button" class="small" data-copy="${text}" aria-label="${name}" hidden>${label}</button>`;
}

/** Commands to be copied and typed. */
export function commands(text: string, name = "Copy the commands"): Html {
  return html`<div class="copyable"><pre><code>${text}</code></pre>${copyButton(text, "Copy", name)}</div>`;
}
