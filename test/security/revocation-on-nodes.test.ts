/** What one node revokes, another refuses at the next request: every decision reads what the database says now. */
import { expect, test } from "bun:test";
import { repositoryResource } from "../../src/access/resource.ts";
import { anonymous } from "../../src/identity/principal.ts";
import { scope } from "../../src/identity/scopes.ts";
import { openInstallation } from "../../src/installation.ts";
import type { Metadata } from "../../src/storage/metadata/metadata.ts";
import { onEveryDatabase, type Suite } from "../storage/metadata/databases.ts";

const role = "roles/artifactregistry.reader";
const permission = "artifactregistry.repositories.downloadArtifacts";

function nodes(suite: Suite): void {
  const open = (metadata: Metadata) =>
    openInstallation({
      metadata,
      store: {} as never,
      accountDomain: "iam.waybill.internal",
      rates: { anonymousPerSecond: 1000, principalPerSecond: 1000 },
      isOurAudience: () => true,
      now: Date.now,
      log: (error) => {
        throw error;
      },
    });

  test("a key, an account, a binding and a project", async () => {
    const place = await suite.newPlace();
    const [here, there] = [await open(await place.open()), await open(await place.open())];
    let counter = 0;
    const newCaller = async () => {
      const project = await here.projects.create(`world-${++counter}`, "", anonymous);
      const account = await here.serviceAccounts.create(project, "robot", {});
      const { row } = await here.serviceAccountKeys.generate(account, project.name, "http://localhost");
      const grant = { role, member: `serviceAccount:${account.id}`, condition: "" } as const;
      await here.metadata.write((write) => here.policies.grant(write, `project/${project.id}`, grant));
      const iat = Math.floor(Date.now() / 1000);
      const access = [{ type: "repository", name: `${project.name}/app`, actions: ["pull"] }];
      const claims = { sub: `serviceAccount:${account.id}`, iat, exp: iat + 600, scope: scope.cloudPlatform };
      const token = here.tokens.sign("registry", { ...claims, key: row.id, access });
      const names = { location: "eu", project: project.name, image: "app", path: `${project.name}/app` };
      const resource = repositoryResource(names, { projectId: project.id, repositoryId: undefined });
      const isAllowed = async () => {
        try {
          const credentials = { kind: "bearer", token } as const;
          const caller = await there.authenticator.authenticate(
            credentials,
            { secure: true, address: "127.0.0.1" },
            { registryTokens: true },
          );
          return (await there.access.decide(caller, permission, resource)).allowed;
        } catch {
          return false;
        }
      };
      return { project, account, key: row, isAllowed };
    };
    type World = Awaited<ReturnType<typeof newCaller>>;
    const changes: ((world: World) => Promise<unknown>)[] = [
      ({ key }) => here.serviceAccountKeys.setDisabled(key, true),
      ({ account }) => here.serviceAccounts.setDisabled(account, true),
      ({ project }) => here.policies.set(`project/${project.id}`, { bindings: [] }),
      ({ project }) => here.projects.delete(project),
    ];
    for (const change of changes) {
      const world = await newCaller();
      expect([await world.isAllowed(), await world.isAllowed()]).toEqual([true, true]);
      await change(world);
      expect(await world.isAllowed()).toBe(false);
    }
    await here.metadata.close();
    await there.metadata.close();
  }, 30_000);
}

onEveryDatabase({ "another node refuses at once after": nodes });
