import { ConfigError, readConfig } from "../../config/config.ts";
import { readProviders } from "../../sign-in-providers.ts";
import { readTls } from "../../tls-setting.ts";
import { readWebhooks } from "../../webhooks-setting.ts";
import type { Invocation } from "../command.ts";
import { surroundingsOf } from "./surroundings.ts";

/** `waybill config check`: everything that is wrong, a line each. */
export async function run({ argv, context }: Invocation): Promise<number> {
  try {
    const { config } = readConfig(argv, surroundingsOf(context));
    readTls(config);
    readProviders(config);
    readWebhooks(config);
    context.stderr("The settings are good.\n");
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) context.stderr(`waybill: error: ${problem}\n`);
    context.stderr("waybill: hint: waybill config docs\n");
    return 1;
  }
}
