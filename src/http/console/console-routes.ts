import type { ConsoleRoute } from "./console-route.ts";
import { projectRoutes } from "./projects.ts";

/** Every page and every form of the console, and what each needs. */
export const consoleRoutes: readonly ConsoleRoute[] = [...projectRoutes];
