import { type Scopes, scope } from "../identity/scopes.ts";
import { matching, type Permission, permissions } from "./permissions.ts";

const readImages = matching("artifactregistry.repositories.downloadArtifacts", "*.repositories.list", "*.tags.list");
const writeImages = [...readImages, ...matching("*.uploadArtifacts", "*.deleteArtifacts", "artifactregistry.tags.*")];

/** What each scope lets a token reach. A scope that is not here grants nothing. */
const reach: ReadonlyMap<string, ReadonlySet<Permission>> = new Map([
  [scope.storageReadOnly, new Set(readImages)],
  [scope.storageReadWrite, new Set(writeImages)],
  [scope.storageFullControl, new Set([...writeImages, ...matching("artifactregistry.repositories.*IamPolicy")])],
  [scope.cloudPlatform, new Set(permissions)],
  [scope.cloudPlatformReadOnly, new Set([...readImages, ...matching("*.get", "*.list", "*.getIamPolicy")])],
  [
    scope.iam,
    new Set(matching("iam.serviceAccounts.get*Token", "iam.serviceAccounts.signJwt", "*.implicitDelegation")),
  ],
]);

/** Whether a token with these scopes may be used for it at all. */
export function scopesReach(scopes: Scopes, permission: Permission): boolean {
  for (const each of scopes) if (reach.get(each)?.has(permission)) return true;
  return false;
}

/** The narrowest scope that would do. */
export function scopeFor(permission: Permission): string {
  for (const [each, reached] of reach) if (reached.has(permission)) return each;
  return scope.cloudPlatform;
}
