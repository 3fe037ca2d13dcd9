import { projectUrl } from "../page.ts";

/** Where the page of a service account is, or what one of its forms does. */
export function accountUrl(project: string, email: string, act = ""): string {
  // A path's last part may hold no bare @ where images have theirs.
  return projectUrl(project, `/accounts/${encodeURIComponent(email)}${act}`);
}
