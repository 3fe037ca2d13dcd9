import { configRows } from "./config-rows.ts";
import { configureDockerRows } from "./configure-docker-rows.ts";
import { failingGetRows } from "./failing-get-rows.ts";
import { getRows } from "./get-rows.ts";
import { protocolRows } from "./protocol-rows.ts";
import type { Row } from "./row.ts";
import { usageRows } from "./usage-rows.ts";

/** The whole table. */
export const rows: readonly Row[] = [
  ...usageRows,
  ...getRows,
  ...failingGetRows,
  ...protocolRows,
  ...configureDockerRows,
  ...configRows,
];
