import { z } from "zod";

const charactersMax = 200;

/** An etag as a client sends it back: it is bytes to Google's libraries, which write them in either alphabet of base64. */
export const etagField = z
  .string()
  .max(charactersMax)
  .transform((text) => Buffer.from(text, "base64").toString("base64"))
  .optional();
