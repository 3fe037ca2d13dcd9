/** What docker-credential-waybill(1) says. The helper itself prints one line: docker reads its output. */
export const helperHelp = `NAME
    docker-credential-waybill - Docker credential helper for Waybill and Google's registries

SYNOPSIS
    docker-credential-waybill get|store|erase|list|version
    docker-credential-waybill configure-docker|gcr-login|gcr-logout|config|clear [ARGUMENT…]

DESCRIPTION
    Docker, podman and others call it with get and a registry's host on standard input, and it answers with a short-lived
    token as JSON. It answers for hosts that an account of this machine is configured for, for gcr.io and for *.pkg.dev;
    for others it says that it has no credentials.

    \`waybill auth configure-docker\` writes it into Docker's configuration; docker-credential-waybill configure-docker is
    the same. Installed or linked under the name docker-credential-gcr or docker-credential-gcloud it takes the commands
    and flags of that program.

OPTIONS
    get               answer with a token for the host on standard input
    store             keep the credentials on standard input
    erase             forget the credentials of the host on standard input
    list              the hosts that credentials are kept for
    version           print the version
    configure-docker  register it in Docker's configuration
    gcr-login         sign in at Google
    gcr-logout        forget that sign-in
    config            settings of this machine
    clear             forget all that is kept

EXIT CODES
    0  done
    1  refused or failed
    2  wrong usage

EXAMPLES
    echo gcr.io | docker-credential-waybill get
`;
