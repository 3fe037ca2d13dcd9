/** What commands are written for. */
export interface WayNames {
  /** `localhost:5000` */
  readonly host: string;
  /** `http://localhost:5000` */
  readonly origin: string;
  /** `localhost:5000/my-project/app` */
  readonly image: string;
  /** The service account that is to log in; absent for a person. */
  readonly account: string | undefined;
}

/** One way to log in, in commands to be copied. */
export interface Way {
  readonly title: string;
  /** What lies where, and for how long. */
  readonly note: string;
  readonly commands: string;
}

export const tools = {
  docker: "docker",
  podman: "podman",
  kubernetes: "Kubernetes",
  github: "GitHub Actions",
  gitlab: "GitLab",
  plain: "Plain HTTP",
} as const;

export type Tool = keyof typeof tools;

/** The five ways to log in with a tool, the recommended one first. */
export function waysOf(tool: Tool, names: WayNames): readonly Way[] {
  return writers[tool](names);
}

const writers: Readonly<Record<Tool, (names: WayNames) => readonly Way[]>> = {
  docker: (names) => clientWays("docker", names),
  podman: (names) => clientWays("podman", names),
  kubernetes: kubernetesWays,
  github: (names) => pipelineWays(names, githubStep, `\${{ secrets.WAYBILL_KEY }}`),
  gitlab: (names) => pipelineWays(names, gitlabJob, "$WAYBILL_KEY"),
  plain: plainWays,
};

const notes = {
  helper: "Docker asks it each time and stores nothing; a token lives for an hour at most.",
  gcloud: "Where gcloud is what people know: the real one, unchanged.",
  wrapper: "For one command. The token stays in the client's configuration until it ends.",
  token: "For scripts, and tools that know nothing of all this. Ask for the least: a read-only token pulls.",
  key: "The last resort: the key does not expire, and lies in a file that everybody who becomes you can read.",
} as const;

/** How a person or a machine becomes somebody on its own disk. */
function activate({ account, host }: WayNames): string {
  return account === undefined
    ? `waybill auth login --push ${host}`
    : "waybill auth activate-service-account --push --key-file=key.json";
}

function clientWays(client: "docker" | "podman", names: WayNames): Way[] {
  const { host, image } = names;
  const push = `${client} push ${image}`;
  const asFor = client === "podman" ? " --for=podman" : "";
  return [
    {
      title: "The credential helper",
      note: notes.helper.replace("Docker", client),
      commands: `${activate(names)}\nwaybill auth configure-docker ${host}${asFor}\n${push}`,
    },
    {
      title: "gcloud as credential helper",
      note: notes.gcloud,
      commands: `gcloud auth activate-service-account --key-file=key.json\ngcloud config set artifacts/allow_unrecognized_registry true\ngcloud auth configure-docker ${host}\n${push}`,
    },
    client === "docker"
      ? { title: "waybill docker --", note: notes.wrapper, commands: `waybill docker -- push ${image}` }
      : {
          title: "A token for one command",
          note: "Nothing is stored: the token is in the command alone.",
          commands: `podman push --creds="oauth2accesstoken:$(waybill auth print-access-token)" ${image}`,
        },
    {
      title: "An access token as password",
      note: notes.token,
      commands: `waybill auth print-access-token --scopes=devstorage.read_only |\n  ${client} login -u oauth2accesstoken --password-stdin ${host}`,
    },
    {
      title: "The JSON key as password",
      note: notes.key,
      commands: `${client} login -u _json_key --password-stdin ${host} < key.json\n${push}`,
    },
  ];
}

function kubernetesWays({ host, image, origin }: WayNames): Way[] {
  return [
    {
      title: "The kubelet's credential provider",
      note: "Each node asks at each pull; no secret lies in the cluster. Link waybill as waybill-kubelet into the kubelet's --image-credential-provider-bin-dir.",
      commands: `apiVersion: kubelet.config.k8s.io/v1\nkind: CredentialProviderConfig\nproviders:\n  - name: waybill-kubelet\n    apiVersion: credentialprovider.kubelet.k8s.io/v1\n    matchImages: ["${host}"]\n    defaultCacheDuration: 0s\n    env:\n      - {name: WAYBILL_SERVER, value: "${origin}"}\n      - {name: WAYBILL_KEY_FILE, value: /etc/waybill/key.json}`,
    },
    {
      title: "gcloud, into a pull secret",
      note: "For an hour: the token in it ends. For a look, not for a cluster that restarts pods.",
      commands: `gcloud auth activate-service-account --key-file=key.json\n${secret(host, "oauth2accesstoken", "$(gcloud auth print-access-token)")}`,
    },
    {
      title: "A token of ours, into a pull secret",
      note: "As above, with a token that can do nothing but pull. Renew it from a CronJob.",
      commands: secret(host, "oauth2accesstoken", "$(waybill auth print-access-token --scopes=devstorage.read_only)"),
    },
    {
      title: "A token in a pod's own hands",
      note: "For pods that push, such as builds: the token comes from a projected service account token.",
      commands: `# volumes: [{name: token, projected: {sources: [{serviceAccountToken: {audience: ${origin}, path: token}}]}}]\nexport WAYBILL_WORKLOAD_IDENTITY_TOKEN_FILE=/var/run/waybill/token\nwaybill auth configure-docker --push ${host}\ndocker push ${image}`,
    },
    {
      title: "The JSON key as pull secret",
      note: notes.key,
      commands: secret(host, "_json_key", "$(cat key.json)"),
    },
  ];
}

function secret(host: string, user: string, password: string): string {
  return `kubectl create secret docker-registry waybill \\\n  --docker-server=${host} --docker-username=${user} \\\n  --docker-password="${password}"\nkubectl patch serviceaccount default -p '{"imagePullSecrets":[{"name":"waybill"}]}'`;
}

type Wrap = (commands: string, withIdentity: boolean, origin: string) => string;

function pipelineWays({ host, origin, image }: WayNames, wrap: Wrap, key: string): Way[] {
  const federated = [
    "export WAYBILL_WORKLOAD_IDENTITY_AUDIENCE=//iam.googleapis.com/projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER",
    `export WAYBILL_WORKLOAD_IDENTITY_TOKEN_URL=${origin}/v1/token`,
    `waybill auth configure-docker --push ${host}`,
    `docker push ${image}`,
  ].join("\n");
  const file = `printf '%s' "${key}" > key.json`;
  const token = `waybill auth print-access-token --key-file=key.json`;
  return [
    {
      title: "The job's own identity",
      note: "No secret at all: the job's token is exchanged for one of ours, by the rules of a workload identity pool.",
      commands: wrap(federated, true, origin),
    },
    {
      title: "gcloud with a key",
      note: notes.gcloud,
      commands: wrap(
        `${file}\ngcloud auth activate-service-account --key-file=key.json\ngcloud config set artifacts/allow_unrecognized_registry true\ngcloud auth configure-docker ${host}\ndocker push ${image}`,
        false,
        origin,
      ),
    },
    {
      title: "waybill docker -- with a key",
      note: "The key is a secret of the pipeline; the token that the client sees ends.",
      commands: wrap(
        `${file}\nwaybill auth activate-service-account --push --key-file=key.json\nwaybill docker -- push ${image}`,
        false,
        origin,
      ),
    },
    {
      title: "An access token as password",
      note: notes.token,
      commands: wrap(
        `${file}\n${token} |\n  docker login -u oauth2accesstoken --password-stdin ${host}\ndocker push ${image}`,
        false,
        origin,
      ),
    },
    {
      title: "The JSON key as password",
      note: notes.key,
      commands: wrap(
        `printf '%s' "${key}" | docker login -u _json_key --password-stdin ${host}\ndocker push ${image}`,
        false,
        origin,
      ),
    },
  ];
}

const indent = (text: string, spaces: number) => text.replaceAll(/^/gm, " ".repeat(spaces));

const githubStep: Wrap = (commands, withIdentity) =>
  `${withIdentity ? "permissions:\n  id-token: write\n" : ""}steps:\n  - run: |\n${indent(commands, 6)}`;

const gitlabJob: Wrap = (commands, withIdentity, origin) =>
  `push:\n${withIdentity ? `  id_tokens:\n    WAYBILL_ID_TOKEN:\n      aud: ${origin}\n` : ""}  script:\n    - |\n${indent(commands, 6)}`;

function plainWays({ host, origin, image }: WayNames): Way[] {
  const path = image.slice(host.length + 1);
  const scope = `repository:${path}:pull`;
  const exchange = (user: string, password: string) =>
    `curl -fsS -u "${user}:${password}" \\\n  "${origin}/v2/token?service=${host}&scope=${scope}"`;
  return [
    {
      title: "A registry token for an access token",
      note: "What every registry client does: a token for one repository, for an hour at most.",
      commands: exchange("oauth2accesstoken", "$(waybill auth print-access-token)"),
    },
    {
      title: "With gcloud's token",
      note: notes.gcloud,
      commands: exchange("_dcgcloud_token", "$(gcloud auth print-access-token)"),
    },
    {
      title: "The access token itself",
      note: "It may be used directly, on every path.",
      commands: `curl -fsS -H "Authorization: Bearer $(waybill auth print-access-token)" \\\n  ${origin}/v2/${path}/tags/list`,
    },
    {
      title: "An access token for a signed assertion",
      note: "RFC 7523: what Google's libraries send. ASSERTION is a JWT that the account's key has signed.",
      commands: `curl -fsS -d grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer \\\n  -d assertion="$ASSERTION" ${origin}/token`,
    },
    {
      title: "The JSON key as password",
      note: notes.key,
      commands: exchange("_json_key", "$(cat key.json)"),
    },
  ];
}
