import type { Command } from "./command.ts";

/** `waybill kubelet-credential-provider` */
export const kubeletCredentialProvider: Command = {
  name: "kubelet-credential-provider",
  summary: "answer a kubelet that is about to pull an image",
  help: `
SYNOPSIS
    waybill kubelet-credential-provider
    waybill-kubelet

DESCRIPTION
    Reads a CredentialProviderRequest (credentialprovider.kubelet.k8s.io/v1) from standard input and writes the
    response: the same token that docker would get for the image's registry, to be kept no longer than it lasts. Link
    the program as waybill-kubelet into the kubelet's --image-credential-provider-bin-dir.

EXAMPLES
    providers:
      - name: waybill-kubelet
        apiVersion: credentialprovider.kubelet.k8s.io/v1
        matchImages: ["gcr.io", "*.gcr.io", "*.pkg.dev"]
        defaultCacheDuration: 0s
`,
  // The kubelet may pass arguments that its configuration has; there is none that means anything here.
  positionals: { name: "argument", min: 0, max: Number.POSITIVE_INFINITY },
  load: () => import("./kubelet.ts"),
};

/** `waybill bazel-credential-helper` */
export const bazelCredentialHelper: Command = {
  name: "bazel-credential-helper",
  summary: "answer Bazel, which asks for a header",
  help: `
SYNOPSIS
    waybill bazel-credential-helper get
    waybill-bazel get

DESCRIPTION
    Bazel's credential helper: reads {"uri": …} from standard input and writes the Authorization header for that URI's
    host, and when it expires. A host that no account is configured for gets no header. Link the program as
    waybill-bazel.

EXAMPLES
    bazel build --credential_helper=*.pkg.dev=%workspace%/tools/waybill-bazel //…
`,
  positionals: { name: "get", min: 1, max: 1 },
  load: () => import("./bazel.ts"),
};
