import { type Config, ConfigError } from "./config/config.ts";
import { publicFetch } from "./public-network.ts";
import { type Receiver, readReceivers } from "./webhooks/receivers.ts";
import { Webhooks } from "./webhooks/webhooks.ts";

/** The receivers of `--webhooks`. Throws ConfigError. */
export function readWebhooks({ webhooks: file }: Pick<Config, "webhooks">): readonly Receiver[] {
  if (file === undefined) return [];
  try {
    return readReceivers(file);
  } catch (error) {
    throw new ConfigError(`--webhooks: ${file}: ${(error as Error).message}`);
  }
}

/** Whoever tells them; undefined where there is nobody to tell. Receivers lie on the public internet, or where the operator says. */
export function openWebhooks(
  config: Config,
  source: string,
  fetch: (request: Request) => Promise<Response>,
  onAttempt: (outcome: string) => void,
): Webhooks | undefined {
  const receivers = readWebhooks(config);
  if (receivers.length === 0) return undefined;
  const outside = publicFetch(fetch, config["private-webhooks"], undefined, "--private-webhooks");
  return new Webhooks({ receivers, source, fetch: outside, now: Date.now, onAttempt });
}
