CREATE TABLE public.account_signing_keys (
    id text NOT NULL COLLATE pg_catalog."C",
    service_account_id text NOT NULL COLLATE pg_catalog."C",
    private_key text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL
);
CREATE TABLE public.audit_checkpoints (
    node text NOT NULL COLLATE pg_catalog."C",
    segment bigint NOT NULL,
    sequence bigint NOT NULL,
    at bigint NOT NULL,
    statement text NOT NULL COLLATE pg_catalog."C",
    key_id text NOT NULL COLLATE pg_catalog."C",
    signature text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.audit_entries (
    id bigint NOT NULL,
    node text NOT NULL COLLATE pg_catalog."C",
    segment bigint NOT NULL,
    sequence bigint NOT NULL,
    at bigint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    principal text NOT NULL COLLATE pg_catalog."C",
    entry text NOT NULL COLLATE pg_catalog."C",
    hash text NOT NULL COLLATE pg_catalog."C"
);
CREATE SEQUENCE public.audit_entries_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.audit_entries_id_seq OWNED BY public.audit_entries.id;
CREATE TABLE public.audit_pending (
    id bigint NOT NULL,
    node text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL,
    event text NOT NULL COLLATE pg_catalog."C"
);
CREATE SEQUENCE public.audit_pending_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.audit_pending_id_seq OWNED BY public.audit_pending.id;
CREATE TABLE public.audit_pulls (
    principal text NOT NULL COLLATE pg_catalog."C",
    repository_id text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    at bigint NOT NULL
);
CREATE TABLE public.audit_uses (
    day bigint NOT NULL,
    principal text NOT NULL COLLATE pg_catalog."C",
    permission text NOT NULL COLLATE pg_catalog."C",
    resource text NOT NULL COLLATE pg_catalog."C",
    resource_keys text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    identity text NOT NULL COLLATE pg_catalog."C",
    count bigint NOT NULL
);
CREATE TABLE public.bindings (
    resource text NOT NULL COLLATE pg_catalog."C",
    member text NOT NULL COLLATE pg_catalog."C",
    role text NOT NULL COLLATE pg_catalog."C",
    condition text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.blob_links (
    repository_id text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    hidden_at bigint
);
CREATE TABLE public.blobs (
    digest text NOT NULL COLLATE pg_catalog."C",
    object_key text NOT NULL COLLATE pg_catalog."C",
    size bigint NOT NULL,
    created_at bigint NOT NULL,
    verified_at bigint NOT NULL,
    quarantined_at bigint
);
CREATE TABLE public.constraints (
    resource text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    etag text NOT NULL COLLATE pg_catalog."C",
    updated_at bigint NOT NULL
);
CREATE TABLE public.credential_uses (
    account_id text NOT NULL COLLATE pg_catalog."C",
    key_id text NOT NULL COLLATE pg_catalog."C",
    way text NOT NULL COLLATE pg_catalog."C",
    last_used_at bigint NOT NULL
);
CREATE TABLE public.custom_roles (
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    title text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    stage text NOT NULL COLLATE pg_catalog."C",
    permissions text NOT NULL COLLATE pg_catalog."C",
    etag text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    deleted_at bigint
);
CREATE TABLE public.deny_policies (
    resource text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    display_name text NOT NULL COLLATE pg_catalog."C",
    rules text NOT NULL COLLATE pg_catalog."C",
    etag text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE TABLE public.device_codes (
    code_hash text NOT NULL COLLATE pg_catalog."C",
    user_code_hash text NOT NULL COLLATE pg_catalog."C",
    client_id text NOT NULL COLLATE pg_catalog."C",
    scopes text NOT NULL COLLATE pg_catalog."C",
    address text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    interval_seconds bigint NOT NULL,
    polled_at bigint NOT NULL,
    user_id text NOT NULL COLLATE pg_catalog."C",
    denied_at bigint,
    login_id text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.group_members (
    group_id text NOT NULL COLLATE pg_catalog."C",
    member text NOT NULL COLLATE pg_catalog."C",
    added_at bigint NOT NULL
);
CREATE TABLE public.groups (
    id text NOT NULL COLLATE pg_catalog."C",
    email text NOT NULL COLLATE pg_catalog."C",
    display_name text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    deleted_at bigint
);
CREATE TABLE public.image_times (
    repository_id text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    image_created_at bigint NOT NULL
);
CREATE TABLE public.import_items (
    project_id text NOT NULL COLLATE pg_catalog."C",
    repository text NOT NULL COLLATE pg_catalog."C",
    tag text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    tries bigint NOT NULL,
    message text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.imports (
    project_id text NOT NULL COLLATE pg_catalog."C",
    location text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    message text NOT NULL COLLATE pg_catalog."C",
    started_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE TABLE public.installation (
    key text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.kysely_migration (
    name character varying(255) NOT NULL,
    "timestamp" character varying(255) NOT NULL
);
CREATE TABLE public.kysely_migration_lock (
    id character varying(255) NOT NULL,
    is_locked integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.logins (
    id text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    principal text NOT NULL COLLATE pg_catalog."C",
    key_id text NOT NULL COLLATE pg_catalog."C",
    client_id text NOT NULL COLLATE pg_catalog."C",
    scopes text NOT NULL COLLATE pg_catalog."C",
    address text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    used_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint
);
CREATE TABLE public.manifest_references (
    repository_id text NOT NULL COLLATE pg_catalog."C",
    manifest_digest text NOT NULL COLLATE pg_catalog."C",
    "position" integer NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    media_type text NOT NULL COLLATE pg_catalog."C",
    size bigint NOT NULL
);
CREATE TABLE public.manifests (
    repository_id text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    media_type text NOT NULL COLLATE pg_catalog."C",
    artifact_type text COLLATE pg_catalog."C",
    subject_digest text COLLATE pg_catalog."C",
    size bigint NOT NULL,
    image_size bigint NOT NULL,
    created_at bigint NOT NULL,
    pushed_by text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL
);
CREATE TABLE public.move_changes (
    id bigint NOT NULL,
    table_name text NOT NULL COLLATE pg_catalog."C",
    row_key text NOT NULL COLLATE pg_catalog."C"
);
CREATE SEQUENCE public.move_changes_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.move_changes_id_seq OWNED BY public.move_changes.id;
CREATE TABLE public.moves (
    side text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.name_ends (
    project_id text NOT NULL COLLATE pg_catalog."C",
    location text NOT NULL COLLATE pg_catalog."C",
    name_end text NOT NULL COLLATE pg_catalog."C",
    repository_id text NOT NULL COLLATE pg_catalog."C",
    "position" integer NOT NULL
);
CREATE TABLE public.objects (
    key text NOT NULL COLLATE pg_catalog."C",
    size bigint NOT NULL,
    created_at bigint NOT NULL
);
CREATE TABLE public.one_time_codes (
    code_hash text NOT NULL COLLATE pg_catalog."C",
    purpose text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C",
    body text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    spent_at bigint
);
CREATE TABLE public.outside_identities (
    issuer text NOT NULL COLLATE pg_catalog."C",
    subject text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL
);
CREATE TABLE public.passkeys (
    id text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    public_key text NOT NULL COLLATE pg_catalog."C",
    counter bigint NOT NULL,
    transports text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    used_at bigint
);
CREATE TABLE public.passwords (
    user_id text NOT NULL COLLATE pg_catalog."C",
    hash text NOT NULL COLLATE pg_catalog."C",
    set_at bigint NOT NULL
);
CREATE TABLE public.policies (
    resource text NOT NULL COLLATE pg_catalog."C",
    etag text NOT NULL COLLATE pg_catalog."C",
    updated_at bigint NOT NULL
);
CREATE TABLE public.project_blobs (
    project_id text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    links bigint NOT NULL
);
CREATE TABLE public.project_limits (
    project_id text NOT NULL COLLATE pg_catalog."C",
    used_bytes bigint DEFAULT 0 NOT NULL,
    bytes_max bigint,
    read_only_at bigint
);
CREATE TABLE public.projects (
    id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    display_name text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    deleted_at bigint
);
CREATE TABLE public.refresh_tokens (
    token_hash text NOT NULL COLLATE pg_catalog."C",
    login_id text NOT NULL COLLATE pg_catalog."C",
    follows text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    spent_at bigint
);
CREATE TABLE public.removed_objects (
    key text NOT NULL COLLATE pg_catalog."C",
    size bigint NOT NULL,
    since bigint NOT NULL,
    leased_until bigint NOT NULL
);
CREATE TABLE public.repositories (
    id text NOT NULL COLLATE pg_catalog."C",
    location text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL
);
CREATE TABLE public.reviews (
    kind text NOT NULL COLLATE pg_catalog."C",
    repository_id text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    since bigint NOT NULL,
    leased_until bigint NOT NULL
);
CREATE TABLE public.revoked_tokens (
    jti text NOT NULL COLLATE pg_catalog."C",
    expires_at bigint NOT NULL
);
CREATE TABLE public.rules (
    project_id text NOT NULL COLLATE pg_catalog."C",
    repository_id text NOT NULL COLLATE pg_catalog."C",
    etag text NOT NULL COLLATE pg_catalog."C",
    body text NOT NULL COLLATE pg_catalog."C",
    updated_at bigint NOT NULL
);
CREATE TABLE public.seen_places (
    principal text NOT NULL COLLATE pg_catalog."C",
    credential text NOT NULL COLLATE pg_catalog."C",
    network text NOT NULL COLLATE pg_catalog."C",
    first_at bigint NOT NULL
);
CREATE TABLE public.service_account_keys (
    id text NOT NULL COLLATE pg_catalog."C",
    service_account_id text NOT NULL COLLATE pg_catalog."C",
    origin text NOT NULL COLLATE pg_catalog."C",
    public_key text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    expires_at bigint,
    disabled_at bigint,
    deleted_at bigint,
    exposed_at bigint
);
CREATE TABLE public.service_accounts (
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    email text NOT NULL COLLATE pg_catalog."C",
    display_name text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    etag text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    disabled_at bigint,
    deleted_at bigint,
    workloads text DEFAULT ''::text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.sessions (
    id text NOT NULL COLLATE pg_catalog."C",
    cookie_hash text NOT NULL COLLATE pg_catalog."C",
    user_id text NOT NULL COLLATE pg_catalog."C",
    how text NOT NULL COLLATE pg_catalog."C",
    address text NOT NULL COLLATE pg_catalog."C",
    agent text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    used_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint
);
CREATE TABLE public.signing_keys (
    id text NOT NULL COLLATE pg_catalog."C",
    use text NOT NULL COLLATE pg_catalog."C",
    algorithm text NOT NULL COLLATE pg_catalog."C",
    private_key text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    retired_at bigint,
    signs_from bigint,
    superseded_at bigint
);
CREATE TABLE public.spent_assertions (
    key_id text NOT NULL COLLATE pg_catalog."C",
    jti text NOT NULL COLLATE pg_catalog."C",
    expires_at bigint NOT NULL
);
CREATE TABLE public.storage_samples (
    project_id text NOT NULL COLLATE pg_catalog."C",
    day integer NOT NULL,
    used_bytes bigint NOT NULL
);
CREATE TABLE public.tag_history (
    id bigint NOT NULL,
    repository_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    from_digest text COLLATE pg_catalog."C",
    to_digest text COLLATE pg_catalog."C",
    changed_at bigint NOT NULL,
    changed_by text NOT NULL COLLATE pg_catalog."C"
);
CREATE SEQUENCE public.tag_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.tag_history_id_seq OWNED BY public.tag_history.id;
CREATE TABLE public.tags (
    repository_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    digest text NOT NULL COLLATE pg_catalog."C",
    updated_at bigint NOT NULL
);
CREATE TABLE public.uploads (
    id text NOT NULL COLLATE pg_catalog."C",
    location text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    repository_name text NOT NULL COLLATE pg_catalog."C",
    principal text NOT NULL COLLATE pg_catalog."C",
    object_key text NOT NULL COLLATE pg_catalog."C",
    size bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    turn text DEFAULT ''::text NOT NULL,
    beat integer DEFAULT 0 NOT NULL
);
CREATE TABLE public.upstreams (
    project_id text NOT NULL COLLATE pg_catalog."C",
    host text NOT NULL COLLATE pg_catalog."C",
    prefix text NOT NULL COLLATE pg_catalog."C",
    credentials text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL
);
CREATE TABLE public.users (
    id text NOT NULL COLLATE pg_catalog."C",
    email text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    disabled_at bigint,
    deleted_at bigint,
    joined_at bigint
);
CREATE TABLE public.versions (
    name text NOT NULL COLLATE pg_catalog."C",
    value bigint NOT NULL
);
CREATE TABLE public.webhook_deliveries (
    event_id text NOT NULL COLLATE pg_catalog."C",
    receiver text NOT NULL COLLATE pg_catalog."C",
    event text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    next_at bigint NOT NULL,
    attempts integer NOT NULL,
    last_error text NOT NULL COLLATE pg_catalog."C",
    dead_at bigint
);
CREATE TABLE public.workload_identity_pools (
    id text NOT NULL COLLATE pg_catalog."C",
    project_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    display_name text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    disabled_at bigint,
    deleted_at bigint
);
CREATE TABLE public.workload_identity_providers (
    id text NOT NULL COLLATE pg_catalog."C",
    pool_id text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    display_name text NOT NULL COLLATE pg_catalog."C",
    description text NOT NULL COLLATE pg_catalog."C",
    settings text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    disabled_at bigint,
    deleted_at bigint
);
ALTER TABLE ONLY public.audit_entries ALTER COLUMN id SET DEFAULT nextval('public.audit_entries_id_seq'::regclass);
ALTER TABLE ONLY public.audit_pending ALTER COLUMN id SET DEFAULT nextval('public.audit_pending_id_seq'::regclass);
ALTER TABLE ONLY public.move_changes ALTER COLUMN id SET DEFAULT nextval('public.move_changes_id_seq'::regclass);
ALTER TABLE ONLY public.tag_history ALTER COLUMN id SET DEFAULT nextval('public.tag_history_id_seq'::regclass);
INSERT INTO public.account_signing_keys (id, service_account_id, private_key, created_at) VALUES ('account_signing_keys.id.1', 'service_accounts.id.1', 'account_signing_keys.private_key.1', 1331);
INSERT INTO public.account_signing_keys (id, service_account_id, private_key, created_at) VALUES ('account_signing_keys.id.2', 'service_accounts.id.2', 'account_signing_keys.private_key.2', 1332);
INSERT INTO public.audit_checkpoints (node, segment, sequence, at, statement, key_id, signature) VALUES ('audit_checkpoints.node.1', 1271, 1281, 1221, 'audit_checkpoints.statement.1', 'audit_checkpoints.key_id.1', 'audit_checkpoints.signature.1');
INSERT INTO public.audit_checkpoints (node, segment, sequence, at, statement, key_id, signature) VALUES ('audit_checkpoints.node.2', 1272, 1282, 1222, 'audit_checkpoints.statement.2', 'audit_checkpoints.key_id.2', 'audit_checkpoints.signature.2');
INSERT INTO public.audit_entries (id, node, segment, sequence, at, kind, project_id, principal, entry, hash) VALUES (1181, 'audit_entries.node.1', 1231, 1241, 1181, 'audit_entries.kind.1', 'audit_entries.project_id.1', 'audit_entries.principal.1', 'audit_entries.entry.1', 'audit_entries.hash.1');
INSERT INTO public.audit_entries (id, node, segment, sequence, at, kind, project_id, principal, entry, hash) VALUES (1182, 'audit_entries.node.2', 1232, 1242, 1182, 'audit_entries.kind.2', 'audit_entries.project_id.2', 'audit_entries.principal.2', 'audit_entries.entry.2', 'audit_entries.hash.2');
INSERT INTO public.audit_pending (id, node, at, event) VALUES (1181, 'audit_pending.node.1', 1181, 'audit_pending.event.1');
INSERT INTO public.audit_pending (id, node, at, event) VALUES (1182, 'audit_pending.node.2', 1182, 'audit_pending.event.2');
INSERT INTO public.audit_pulls (principal, repository_id, digest, at) VALUES ('audit_pulls.principal.1', 'audit_pulls.repository_id.1', 'audit_pulls.digest.1', 1161);
INSERT INTO public.audit_pulls (principal, repository_id, digest, at) VALUES ('audit_pulls.principal.2', 'audit_pulls.repository_id.2', 'audit_pulls.digest.2', 1162);
INSERT INTO public.audit_uses (day, principal, permission, resource, resource_keys, project_id, identity, count) VALUES (1161, 'audit_uses.principal.1', 'audit_uses.permission.1', 'audit_uses.resource.1', 'audit_uses.resource_keys.1', 'audit_uses.project_id.1', 'audit_uses.identity.1', 1181);
INSERT INTO public.audit_uses (day, principal, permission, resource, resource_keys, project_id, identity, count) VALUES (1162, 'audit_uses.principal.2', 'audit_uses.permission.2', 'audit_uses.resource.2', 'audit_uses.resource_keys.2', 'audit_uses.project_id.2', 'audit_uses.identity.2', 1182);
INSERT INTO public.bindings (resource, member, role, condition) VALUES ('bindings.resource.1', 'bindings.member.1', 'bindings.role.1', 'bindings.condition.1');
INSERT INTO public.bindings (resource, member, role, condition) VALUES ('bindings.resource.2', 'bindings.member.2', 'bindings.role.2', 'bindings.condition.2');
INSERT INTO public.blob_links (repository_id, digest, created_at, hidden_at) VALUES ('repositories.id.1', 'blobs.digest.1', 1231, 1221);
INSERT INTO public.blob_links (repository_id, digest, created_at, hidden_at) VALUES ('repositories.id.2', 'blobs.digest.2', 1232, NULL);
INSERT INTO public.blobs (digest, object_key, size, created_at, verified_at, quarantined_at) VALUES ('blobs.digest.1', 'objects.key.1', 1121, 1181, 1191, 1221);
INSERT INTO public.blobs (digest, object_key, size, created_at, verified_at, quarantined_at) VALUES ('blobs.digest.2', 'objects.key.2', 1122, 1182, 1192, NULL);
INSERT INTO public.constraints (resource, name, value, etag, updated_at) VALUES ('constraints.resource.1', 'constraints.name.1', 'constraints.value.1', 'constraints.etag.1', 1241);
INSERT INTO public.constraints (resource, name, value, etag, updated_at) VALUES ('constraints.resource.2', 'constraints.name.2', 'constraints.value.2', 'constraints.etag.2', 1242);
INSERT INTO public.credential_uses (account_id, key_id, way, last_used_at) VALUES ('credential_uses.account_id.1', 'credential_uses.key_id.1', 'credential_uses.way.1', 1301);
INSERT INTO public.credential_uses (account_id, key_id, way, last_used_at) VALUES ('credential_uses.account_id.2', 'credential_uses.key_id.2', 'credential_uses.way.2', 1302);
INSERT INTO public.custom_roles (id, project_id, title, description, stage, permissions, etag, created_at, deleted_at) VALUES ('custom_roles.id.1', 'projects.id.1', 'custom_roles.title.1', 'custom_roles.description.1', 'custom_roles.stage.1', 'custom_roles.permissions.1', 'custom_roles.etag.1', 1251, 1251);
INSERT INTO public.custom_roles (id, project_id, title, description, stage, permissions, etag, created_at, deleted_at) VALUES ('custom_roles.id.2', 'projects.id.2', 'custom_roles.title.2', 'custom_roles.description.2', 'custom_roles.stage.2', 'custom_roles.permissions.2', 'custom_roles.etag.2', 1252, NULL);
INSERT INTO public.deny_policies (resource, name, display_name, rules, etag, created_at, updated_at) VALUES ('deny_policies.resource.1', 'deny_policies.name.1', 'deny_policies.display_name.1', 'deny_policies.rules.1', 'deny_policies.etag.1', 1261, 1261);
INSERT INTO public.deny_policies (resource, name, display_name, rules, etag, created_at, updated_at) VALUES ('deny_policies.resource.2', 'deny_policies.name.2', 'deny_policies.display_name.2', 'deny_policies.rules.2', 'deny_policies.etag.2', 1262, 1262);
INSERT INTO public.device_codes (code_hash, user_code_hash, client_id, scopes, address, created_at, expires_at, interval_seconds, polled_at, user_id, denied_at, login_id) VALUES ('device_codes.code_hash.1', 'device_codes.user_code_hash.1', 'device_codes.client_id.1', 'device_codes.scopes.1', 'device_codes.address.1', 1251, 1251, 1311, 1241, 'device_codes.user_id.1', 1241, 'device_codes.login_id.1');
INSERT INTO public.device_codes (code_hash, user_code_hash, client_id, scopes, address, created_at, expires_at, interval_seconds, polled_at, user_id, denied_at, login_id) VALUES ('device_codes.code_hash.2', 'device_codes.user_code_hash.2', 'device_codes.client_id.2', 'device_codes.scopes.2', 'device_codes.address.2', 1252, 1252, 1312, 1242, 'device_codes.user_id.2', NULL, 'device_codes.login_id.2');
INSERT INTO public.group_members (group_id, member, added_at) VALUES ('groups.id.1', 'group_members.member.1', 1241);
INSERT INTO public.group_members (group_id, member, added_at) VALUES ('groups.id.2', 'group_members.member.2', 1242);
INSERT INTO public.groups (id, email, display_name, description, created_at, deleted_at) VALUES ('groups.id.1', 'groups.email.1', 'groups.display_name.1', 'groups.description.1', 1191, 1191);
INSERT INTO public.groups (id, email, display_name, description, created_at, deleted_at) VALUES ('groups.id.2', 'groups.email.2', 'groups.display_name.2', 'groups.description.2', 1192, NULL);
INSERT INTO public.image_times (repository_id, digest, image_created_at) VALUES ('repositories.id.1', 'manifests.digest.1', 1301);
INSERT INTO public.image_times (repository_id, digest, image_created_at) VALUES ('repositories.id.2', 'manifests.digest.2', 1302);
INSERT INTO public.import_items (project_id, repository, tag, state, tries, message) VALUES ('projects.id.1', 'import_items.repository.1', 'import_items.tag.1', 'import_items.state.1', 1201, 'import_items.message.1');
INSERT INTO public.import_items (project_id, repository, tag, state, tries, message) VALUES ('projects.id.2', 'import_items.repository.2', 'import_items.tag.2', 'import_items.state.2', 1202, 'import_items.message.2');
INSERT INTO public.imports (project_id, location, state, message, started_at, updated_at) VALUES ('projects.id.1', 'imports.location.1', 'imports.state.1', 'imports.message.1', 1201, 1201);
INSERT INTO public.imports (project_id, location, state, message, started_at, updated_at) VALUES ('projects.id.2', 'imports.location.2', 'imports.state.2', 'imports.message.2', 1202, 1202);
INSERT INTO public.installation (key, value) VALUES ('installation.key.1', 'installation.value.1');
INSERT INTO public.installation (key, value) VALUES ('installation.key.2', 'installation.value.2');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0001-first', '2026-11-25T02:45:18.640Z');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0002-garbage', '2026-11-25T02:45:18.649Z');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0003-image-times', '2026-11-25T02:45:18.658Z');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0004-rules', '2026-11-25T02:45:18.695Z');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0005-upstreams', '2026-11-25T02:45:18.707Z');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0006-people', '2026-11-25T02:45:18.748Z');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0007-federation', '2026-11-25T02:45:18.762Z');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0008-access', '2026-11-25T02:45:18.778Z');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0009-audit', '2026-11-25T02:45:18.797Z');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0011-registry', '2026-11-25T02:45:18.801Z');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0012-console', '2026-11-25T02:45:18.804Z');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0013-nodes', '2026-11-25T02:45:18.809Z');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0014-webhooks', '2026-11-25T02:45:18.811Z');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0015-identity', '2026-11-25T02:45:18.816Z');
INSERT INTO public.kysely_migration (name, "timestamp") VALUES ('0016-move', '2026-11-25T02:45:18.820Z');
INSERT INTO public.kysely_migration_lock (id, is_locked) VALUES ('migration_lock', 0);
INSERT INTO public.logins (id, kind, principal, key_id, client_id, scopes, address, created_at, used_at, expires_at, ended_at) VALUES ('logins.id.1', 'logins.kind.1', 'logins.principal.1', 'logins.key_id.1', 'logins.client_id.1', 'logins.scopes.1', 'logins.address.1', 1191, 1161, 1191, 1171);
INSERT INTO public.logins (id, kind, principal, key_id, client_id, scopes, address, created_at, used_at, expires_at, ended_at) VALUES ('logins.id.2', 'logins.kind.2', 'logins.principal.2', 'logins.key_id.2', 'logins.client_id.2', 'logins.scopes.2', 'logins.address.2', 1192, 1162, 1192, NULL);
INSERT INTO public.manifest_references (repository_id, manifest_digest, "position", kind, digest, media_type, size) VALUES ('repositories.id.1', 'manifests.digest.1', 1301, 'manifest_references.kind.1', 'manifest_references.digest.1', 'manifest_references.media_type.1', 1261);
INSERT INTO public.manifest_references (repository_id, manifest_digest, "position", kind, digest, media_type, size) VALUES ('repositories.id.2', 'manifests.digest.2', 1302, 'manifest_references.kind.2', 'manifest_references.digest.2', 'manifest_references.media_type.2', 1262);
INSERT INTO public.manifests (repository_id, digest, media_type, artifact_type, subject_digest, size, image_size, created_at, pushed_by, body) VALUES ('repositories.id.1', 'manifests.digest.1', 'manifests.media_type.1', 'manifests.artifact_type.1', 'manifests.subject_digest.1', 1161, 1221, 1221, 'manifests.pushed_by.1', '\x6d616e6966657374732e626f64792e31');
INSERT INTO public.manifests (repository_id, digest, media_type, artifact_type, subject_digest, size, image_size, created_at, pushed_by, body) VALUES ('repositories.id.2', 'manifests.digest.2', 'manifests.media_type.2', NULL, NULL, 1162, 1222, 1222, 'manifests.pushed_by.2', '\x6d616e6966657374732e626f64792e32');
INSERT INTO public.move_changes (id, table_name, row_key) VALUES (1171, 'move_changes.table_name.1', 'move_changes.row_key.1');
INSERT INTO public.move_changes (id, table_name, row_key) VALUES (1172, 'move_changes.table_name.2', 'move_changes.row_key.2');
INSERT INTO public.moves (side, state) VALUES ('target', '{"phase":"done","installation":"11111111-1111-4111-8111-111111111111"}');
INSERT INTO public.name_ends (project_id, location, name_end, repository_id, "position") VALUES ('name_ends.project_id.1', 'name_ends.location.1', 'name_ends.name_end.1', 'name_ends.repository_id.1', 1201);
INSERT INTO public.name_ends (project_id, location, name_end, repository_id, "position") VALUES ('name_ends.project_id.2', 'name_ends.location.2', 'name_ends.name_end.2', 'name_ends.repository_id.2', 1202);
INSERT INTO public.objects (key, size, created_at) VALUES ('objects.key.1', 1141, 1201);
INSERT INTO public.objects (key, size, created_at) VALUES ('objects.key.2', 1142, 1202);
INSERT INTO public.one_time_codes (code_hash, purpose, subject, body, created_at, expires_at, spent_at) VALUES ('one_time_codes.code_hash.1', 'one_time_codes.purpose.1', 'one_time_codes.subject.1', 'one_time_codes.body.1', 1271, 1271, 1251);
INSERT INTO public.one_time_codes (code_hash, purpose, subject, body, created_at, expires_at, spent_at) VALUES ('one_time_codes.code_hash.2', 'one_time_codes.purpose.2', 'one_time_codes.subject.2', 'one_time_codes.body.2', 1272, 1272, NULL);
INSERT INTO public.outside_identities (issuer, subject, user_id, created_at) VALUES ('outside_identities.issuer.1', 'outside_identities.subject.1', 'users.id.1', 1311);
INSERT INTO public.outside_identities (issuer, subject, user_id, created_at) VALUES ('outside_identities.issuer.2', 'outside_identities.subject.2', 'users.id.2', 1312);
INSERT INTO public.passkeys (id, user_id, public_key, counter, transports, created_at, used_at) VALUES ('passkeys.id.1', 'users.id.1', 'passkeys.public_key.1', 1181, 'passkeys.transports.1', 1211, 1181);
INSERT INTO public.passkeys (id, user_id, public_key, counter, transports, created_at, used_at) VALUES ('passkeys.id.2', 'users.id.2', 'passkeys.public_key.2', 1182, 'passkeys.transports.2', 1212, NULL);
INSERT INTO public.passwords (user_id, hash, set_at) VALUES ('users.id.1', 'passwords.hash.1', 1181);
INSERT INTO public.passwords (user_id, hash, set_at) VALUES ('users.id.2', 'passwords.hash.2', 1182);
INSERT INTO public.policies (resource, etag, updated_at) VALUES ('policies.resource.1', 'policies.etag.1', 1211);
INSERT INTO public.policies (resource, etag, updated_at) VALUES ('policies.resource.2', 'policies.etag.2', 1212);
INSERT INTO public.project_blobs (project_id, digest, links) VALUES ('projects.id.1', 'project_blobs.digest.1', 1211);
INSERT INTO public.project_blobs (project_id, digest, links) VALUES ('projects.id.2', 'project_blobs.digest.2', 1212);
INSERT INTO public.project_limits (project_id, used_bytes, bytes_max, read_only_at) VALUES ('projects.id.1', 1271, 1261, 1291);
INSERT INTO public.project_limits (project_id, used_bytes, bytes_max, read_only_at) VALUES ('projects.id.2', 1272, NULL, NULL);
INSERT INTO public.projects (id, name, display_name, created_at, deleted_at) VALUES ('projects.id.1', 'projects.name.1', 'projects.display_name.1', 1211, 1211);
INSERT INTO public.projects (id, name, display_name, created_at, deleted_at) VALUES ('projects.id.2', 'projects.name.2', 'projects.display_name.2', 1212, NULL);
INSERT INTO public.refresh_tokens (token_hash, login_id, follows, created_at, spent_at) VALUES ('refresh_tokens.token_hash.1', 'logins.id.1', 'refresh_tokens.follows.1', 1271, 1251);
INSERT INTO public.refresh_tokens (token_hash, login_id, follows, created_at, spent_at) VALUES ('refresh_tokens.token_hash.2', 'logins.id.2', 'refresh_tokens.follows.2', 1272, NULL);
INSERT INTO public.removed_objects (key, size, since, leased_until) VALUES ('removed_objects.key.1', 1221, 1231, 1301);
INSERT INTO public.removed_objects (key, size, since, leased_until) VALUES ('removed_objects.key.2', 1222, 1232, 1302);
INSERT INTO public.repositories (id, location, project_id, name, created_at) VALUES ('repositories.id.1', 'repositories.location.1', 'projects.id.1', 'repositories.name.1', 1251);
INSERT INTO public.repositories (id, location, project_id, name, created_at) VALUES ('repositories.id.2', 'repositories.location.2', 'projects.id.2', 'repositories.name.2', 1252);
INSERT INTO public.reviews (kind, repository_id, digest, since, leased_until) VALUES ('reviews.kind.1', 'reviews.repository_id.1', 'reviews.digest.1', 1151, 1221);
INSERT INTO public.reviews (kind, repository_id, digest, since, leased_until) VALUES ('reviews.kind.2', 'reviews.repository_id.2', 'reviews.digest.2', 1152, 1222);
INSERT INTO public.revoked_tokens (jti, expires_at) VALUES ('revoked_tokens.jti.1', 1271);
INSERT INTO public.revoked_tokens (jti, expires_at) VALUES ('revoked_tokens.jti.2', 1272);
INSERT INTO public.rules (project_id, repository_id, etag, body, updated_at) VALUES ('projects.id.1', 'rules.repository_id.1', 'rules.etag.1', 'rules.body.1', 1181);
INSERT INTO public.rules (project_id, repository_id, etag, body, updated_at) VALUES ('projects.id.2', 'rules.repository_id.2', 'rules.etag.2', 'rules.body.2', 1182);
INSERT INTO public.seen_places (principal, credential, network, first_at) VALUES ('seen_places.principal.1', 'seen_places.credential.1', 'seen_places.network.1', 1221);
INSERT INTO public.seen_places (principal, credential, network, first_at) VALUES ('seen_places.principal.2', 'seen_places.credential.2', 'seen_places.network.2', 1222);
INSERT INTO public.service_account_keys (id, service_account_id, origin, public_key, created_at, expires_at, disabled_at, deleted_at, exposed_at) VALUES ('service_account_keys.id.1', 'service_accounts.id.1', 'service_account_keys.origin.1', 'service_account_keys.public_key.1', 1331, 1331, 1341, 1331, 1331);
INSERT INTO public.service_account_keys (id, service_account_id, origin, public_key, created_at, expires_at, disabled_at, deleted_at, exposed_at) VALUES ('service_account_keys.id.2', 'service_accounts.id.2', 'service_account_keys.origin.2', 'service_account_keys.public_key.2', 1332, NULL, NULL, NULL, NULL);
INSERT INTO public.service_accounts (id, project_id, email, display_name, description, etag, created_at, disabled_at, deleted_at, workloads) VALUES ('service_accounts.id.1', 'projects.id.1', 'service_accounts.email.1', 'service_accounts.display_name.1', 'service_accounts.description.1', 'service_accounts.etag.1', 1291, 1301, 1291, '');
INSERT INTO public.service_accounts (id, project_id, email, display_name, description, etag, created_at, disabled_at, deleted_at, workloads) VALUES ('service_accounts.id.2', 'projects.id.2', 'service_accounts.email.2', 'service_accounts.display_name.2', 'service_accounts.description.2', 'service_accounts.etag.2', 1292, NULL, NULL, '');
INSERT INTO public.sessions (id, cookie_hash, user_id, how, address, agent, created_at, used_at, expires_at, ended_at) VALUES ('sessions.id.1', 'sessions.cookie_hash.1', 'users.id.1', 'sessions.how.1', 'sessions.address.1', 'sessions.agent.1', 1211, 1181, 1211, 1191);
INSERT INTO public.sessions (id, cookie_hash, user_id, how, address, agent, created_at, used_at, expires_at, ended_at) VALUES ('sessions.id.2', 'sessions.cookie_hash.2', 'users.id.2', 'sessions.how.2', 'sessions.address.2', 'sessions.agent.2', 1212, 1182, 1212, NULL);
INSERT INTO public.signing_keys (id, use, algorithm, private_key, created_at, retired_at, signs_from, superseded_at) VALUES ('signing_keys.id.1', 'signing_keys.use.1', 'signing_keys.algorithm.1', 'signing_keys.private_key.1', 1251, 1251, 1251, 1281);
INSERT INTO public.signing_keys (id, use, algorithm, private_key, created_at, retired_at, signs_from, superseded_at) VALUES ('signing_keys.id.2', 'signing_keys.use.2', 'signing_keys.algorithm.2', 'signing_keys.private_key.2', 1252, NULL, NULL, NULL);
INSERT INTO public.spent_assertions (key_id, jti, expires_at) VALUES ('spent_assertions.key_id.1', 'spent_assertions.jti.1', 1291);
INSERT INTO public.spent_assertions (key_id, jti, expires_at) VALUES ('spent_assertions.key_id.2', 'spent_assertions.jti.2', 1292);
INSERT INTO public.storage_samples (project_id, day, used_bytes) VALUES ('projects.id.1', 1211, 1281);
INSERT INTO public.storage_samples (project_id, day, used_bytes) VALUES ('projects.id.2', 1212, 1282);
INSERT INTO public.tag_history (id, repository_id, name, from_digest, to_digest, changed_at, changed_by) VALUES (1161, 'tag_history.repository_id.1', 'tag_history.name.1', 'tag_history.from_digest.1', 'tag_history.to_digest.1', 1241, 'tag_history.changed_by.1');
INSERT INTO public.tag_history (id, repository_id, name, from_digest, to_digest, changed_at, changed_by) VALUES (1162, 'tag_history.repository_id.2', 'tag_history.name.2', NULL, NULL, 1242, 'tag_history.changed_by.2');
INSERT INTO public.tags (repository_id, name, digest, updated_at) VALUES ('repositories.id.1', 'tags.name.1', 'manifests.digest.1', 1171);
INSERT INTO public.tags (repository_id, name, digest, updated_at) VALUES ('repositories.id.2', 'tags.name.2', 'manifests.digest.2', 1172);
INSERT INTO public.uploads (id, location, project_id, repository_name, principal, object_key, size, created_at, expires_at, turn, beat) VALUES ('uploads.id.1', 'uploads.location.1', 'projects.id.1', 'uploads.repository_name.1', 'uploads.principal.1', 'uploads.object_key.1', 1141, 1201, 1201, 'uploads.turn.1', 1141);
INSERT INTO public.uploads (id, location, project_id, repository_name, principal, object_key, size, created_at, expires_at, turn, beat) VALUES ('uploads.id.2', 'uploads.location.2', 'projects.id.2', 'uploads.repository_name.2', 'uploads.principal.2', 'uploads.object_key.2', 1142, 1202, 1202, 'uploads.turn.2', 1142);
INSERT INTO public.upstreams (project_id, host, prefix, credentials, created_at) VALUES ('projects.id.1', 'upstreams.host.1', 'upstreams.prefix.1', 'upstreams.credentials.1', 1221);
INSERT INTO public.upstreams (project_id, host, prefix, credentials, created_at) VALUES ('projects.id.2', 'upstreams.host.2', 'upstreams.prefix.2', 'upstreams.credentials.2', 1222);
INSERT INTO public.users (id, email, created_at, disabled_at, deleted_at, joined_at) VALUES ('users.id.1', 'users.email.1', 1181, 1191, 1181, 1171);
INSERT INTO public.users (id, email, created_at, disabled_at, deleted_at, joined_at) VALUES ('users.id.2', 'users.email.2', 1182, NULL, NULL, NULL);
INSERT INTO public.versions (name, value) VALUES ('policy', 1);
INSERT INTO public.webhook_deliveries (event_id, receiver, event, created_at, next_at, attempts, last_error, dead_at) VALUES ('webhook_deliveries.event_id.1', 'webhook_deliveries.receiver.1', 'webhook_deliveries.event.1', 1311, 1281, 1291, 'webhook_deliveries.last_error.1', 1281);
INSERT INTO public.webhook_deliveries (event_id, receiver, event, created_at, next_at, attempts, last_error, dead_at) VALUES ('webhook_deliveries.event_id.2', 'webhook_deliveries.receiver.2', 'webhook_deliveries.event.2', 1312, 1282, 1292, 'webhook_deliveries.last_error.2', NULL);
INSERT INTO public.workload_identity_pools (id, project_id, name, display_name, description, created_at, disabled_at, deleted_at) VALUES ('workload_identity_pools.id.1', 'projects.id.1', 'workload_identity_pools.name.1', 'workload_identity_pools.display_name.1', 'workload_identity_pools.description.1', 1361, 1371, 1361);
INSERT INTO public.workload_identity_pools (id, project_id, name, display_name, description, created_at, disabled_at, deleted_at) VALUES ('workload_identity_pools.id.2', 'projects.id.2', 'workload_identity_pools.name.2', 'workload_identity_pools.display_name.2', 'workload_identity_pools.description.2', 1362, NULL, NULL);
INSERT INTO public.workload_identity_providers (id, pool_id, name, display_name, description, settings, created_at, disabled_at, deleted_at) VALUES ('workload_identity_providers.id.1', 'workload_identity_pools.id.1', 'workload_identity_providers.name.1', 'workload_identity_providers.display_name.1', 'workload_identity_providers.description.1', 'workload_identity_providers.settings.1', 1401, 1411, 1401);
INSERT INTO public.workload_identity_providers (id, pool_id, name, display_name, description, settings, created_at, disabled_at, deleted_at) VALUES ('workload_identity_providers.id.2', 'workload_identity_pools.id.2', 'workload_identity_providers.name.2', 'workload_identity_providers.display_name.2', 'workload_identity_providers.description.2', 'workload_identity_providers.settings.2', 1402, NULL, NULL);
SELECT pg_catalog.setval('public.audit_entries_id_seq', 1, false);
SELECT pg_catalog.setval('public.audit_pending_id_seq', 1, false);
SELECT pg_catalog.setval('public.move_changes_id_seq', 1, false);
SELECT pg_catalog.setval('public.tag_history_id_seq', 1, false);
ALTER TABLE ONLY public.account_signing_keys
    ADD CONSTRAINT account_signing_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit_checkpoints
    ADD CONSTRAINT audit_checkpoints_key PRIMARY KEY (node, segment, sequence);
ALTER TABLE ONLY public.audit_entries
    ADD CONSTRAINT audit_entries_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit_pending
    ADD CONSTRAINT audit_pending_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.audit_pulls
    ADD CONSTRAINT audit_pulls_key PRIMARY KEY (principal, repository_id, digest);
ALTER TABLE ONLY public.audit_uses
    ADD CONSTRAINT audit_uses_key PRIMARY KEY (project_id, day, principal, permission, resource_keys);
ALTER TABLE ONLY public.bindings
    ADD CONSTRAINT bindings_key PRIMARY KEY (resource, member, role, condition);
ALTER TABLE ONLY public.blob_links
    ADD CONSTRAINT blob_links_key PRIMARY KEY (repository_id, digest);
ALTER TABLE ONLY public.blobs
    ADD CONSTRAINT blobs_object_key_key UNIQUE (object_key);
ALTER TABLE ONLY public.blobs
    ADD CONSTRAINT blobs_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY public.constraints
    ADD CONSTRAINT constraints_key PRIMARY KEY (resource, name);
ALTER TABLE ONLY public.credential_uses
    ADD CONSTRAINT credential_uses_key PRIMARY KEY (account_id, key_id, way);
ALTER TABLE ONLY public.custom_roles
    ADD CONSTRAINT custom_roles_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.deny_policies
    ADD CONSTRAINT deny_policies_key PRIMARY KEY (resource, name);
ALTER TABLE ONLY public.device_codes
    ADD CONSTRAINT device_codes_pkey PRIMARY KEY (code_hash);
ALTER TABLE ONLY public.device_codes
    ADD CONSTRAINT device_codes_user_code_hash_key UNIQUE (user_code_hash);
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_key PRIMARY KEY (group_id, member);
ALTER TABLE ONLY public.groups
    ADD CONSTRAINT groups_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.image_times
    ADD CONSTRAINT image_times_key PRIMARY KEY (repository_id, digest);
ALTER TABLE ONLY public.import_items
    ADD CONSTRAINT import_items_key PRIMARY KEY (project_id, repository, tag);
ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_pkey PRIMARY KEY (project_id);
ALTER TABLE ONLY public.installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.kysely_migration_lock
    ADD CONSTRAINT kysely_migration_lock_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.kysely_migration
    ADD CONSTRAINT kysely_migration_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.logins
    ADD CONSTRAINT logins_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.manifest_references
    ADD CONSTRAINT manifest_references_key PRIMARY KEY (repository_id, manifest_digest, "position");
ALTER TABLE ONLY public.manifests
    ADD CONSTRAINT manifests_key PRIMARY KEY (repository_id, digest);
ALTER TABLE ONLY public.move_changes
    ADD CONSTRAINT move_changes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.moves
    ADD CONSTRAINT moves_pkey PRIMARY KEY (side);
ALTER TABLE ONLY public.name_ends
    ADD CONSTRAINT name_ends_key PRIMARY KEY (project_id, location, name_end, repository_id, "position");
ALTER TABLE ONLY public.objects
    ADD CONSTRAINT objects_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.one_time_codes
    ADD CONSTRAINT one_time_codes_pkey PRIMARY KEY (code_hash);
ALTER TABLE ONLY public.outside_identities
    ADD CONSTRAINT outside_identities_key PRIMARY KEY (issuer, subject);
ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT passkeys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.passwords
    ADD CONSTRAINT passwords_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY public.policies
    ADD CONSTRAINT policies_pkey PRIMARY KEY (resource);
ALTER TABLE ONLY public.project_blobs
    ADD CONSTRAINT project_blobs_key PRIMARY KEY (project_id, digest);
ALTER TABLE ONLY public.project_limits
    ADD CONSTRAINT project_limits_pkey PRIMARY KEY (project_id);
ALTER TABLE ONLY public.projects
    ADD CONSTRAINT projects_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (token_hash);
ALTER TABLE ONLY public.removed_objects
    ADD CONSTRAINT removed_objects_pkey PRIMARY KEY (key);
ALTER TABLE ONLY public.repositories
    ADD CONSTRAINT repositories_name UNIQUE (location, project_id, name);
ALTER TABLE ONLY public.repositories
    ADD CONSTRAINT repositories_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.reviews
    ADD CONSTRAINT reviews_key PRIMARY KEY (kind, repository_id, digest);
ALTER TABLE ONLY public.revoked_tokens
    ADD CONSTRAINT revoked_tokens_pkey PRIMARY KEY (jti);
ALTER TABLE ONLY public.rules
    ADD CONSTRAINT rules_key PRIMARY KEY (project_id, repository_id);
ALTER TABLE ONLY public.seen_places
    ADD CONSTRAINT seen_places_key PRIMARY KEY (principal, credential, network);
ALTER TABLE ONLY public.service_account_keys
    ADD CONSTRAINT service_account_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.service_accounts
    ADD CONSTRAINT service_accounts_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_cookie_hash_key UNIQUE (cookie_hash);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.spent_assertions
    ADD CONSTRAINT spent_assertions_key PRIMARY KEY (key_id, jti);
ALTER TABLE ONLY public.storage_samples
    ADD CONSTRAINT storage_samples_key PRIMARY KEY (project_id, day);
ALTER TABLE ONLY public.tag_history
    ADD CONSTRAINT tag_history_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tags
    ADD CONSTRAINT tags_key PRIMARY KEY (repository_id, name);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_object_key_key UNIQUE (object_key);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.upstreams
    ADD CONSTRAINT upstreams_pkey PRIMARY KEY (project_id);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.versions
    ADD CONSTRAINT versions_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.webhook_deliveries
    ADD CONSTRAINT webhook_deliveries_key PRIMARY KEY (event_id, receiver);
ALTER TABLE ONLY public.workload_identity_pools
    ADD CONSTRAINT workload_identity_pools_name UNIQUE (project_id, name);
ALTER TABLE ONLY public.workload_identity_pools
    ADD CONSTRAINT workload_identity_pools_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.workload_identity_providers
    ADD CONSTRAINT workload_identity_providers_name UNIQUE (pool_id, name);
ALTER TABLE ONLY public.workload_identity_providers
    ADD CONSTRAINT workload_identity_providers_pkey PRIMARY KEY (id);
CREATE INDEX account_signing_keys_account ON public.account_signing_keys USING btree (service_account_id, created_at);
CREATE INDEX audit_checkpoints_at ON public.audit_checkpoints USING btree (at);
CREATE UNIQUE INDEX audit_entries_chain ON public.audit_entries USING btree (node, segment, sequence);
CREATE INDEX audit_entries_project ON public.audit_entries USING btree (project_id, id);
CREATE INDEX audit_pulls_at ON public.audit_pulls USING btree (at);
CREATE INDEX bindings_member ON public.bindings USING btree (member);
CREATE INDEX blob_links_digest ON public.blob_links USING btree (digest, repository_id);
CREATE INDEX blobs_quarantined ON public.blobs USING btree (digest) WHERE (quarantined_at IS NOT NULL);
CREATE INDEX blobs_verified ON public.blobs USING btree (verified_at, digest) WHERE (quarantined_at IS NULL);
CREATE INDEX custom_roles_project ON public.custom_roles USING btree (project_id, id);
CREATE INDEX device_codes_expiry ON public.device_codes USING btree (expires_at);
CREATE INDEX group_members_member ON public.group_members USING btree (member, group_id);
CREATE UNIQUE INDEX groups_email ON public.groups USING btree (email) WHERE (deleted_at IS NULL);
CREATE INDEX import_items_state ON public.import_items USING btree (project_id, state, repository, tag);
CREATE INDEX logins_expiry ON public.logins USING btree (expires_at);
CREATE INDEX logins_key ON public.logins USING btree (key_id, used_at);
CREATE INDEX logins_principal ON public.logins USING btree (principal, created_at);
CREATE INDEX manifest_references_target ON public.manifest_references USING btree (repository_id, digest, kind);
CREATE INDEX manifests_age ON public.manifests USING btree (repository_id, created_at, digest);
CREATE INDEX manifests_subject ON public.manifests USING btree (repository_id, subject_digest, digest) WHERE (subject_digest IS NOT NULL);
CREATE INDEX name_ends_everywhere ON public.name_ends USING btree (location, name_end, repository_id, "position");
CREATE INDEX one_time_codes_expiry ON public.one_time_codes USING btree (expires_at);
CREATE INDEX one_time_codes_subject ON public.one_time_codes USING btree (subject, purpose);
CREATE INDEX outside_identities_user ON public.outside_identities USING btree (user_id);
CREATE INDEX passkeys_user ON public.passkeys USING btree (user_id);
CREATE UNIQUE INDEX projects_name ON public.projects USING btree (name) WHERE (deleted_at IS NULL);
CREATE INDEX refresh_tokens_login ON public.refresh_tokens USING btree (login_id, created_at);
CREATE INDEX removed_objects_due ON public.removed_objects USING btree (since, key);
CREATE INDEX repositories_project ON public.repositories USING btree (project_id, id);
CREATE INDEX reviews_due ON public.reviews USING btree (kind, since, repository_id, digest);
CREATE INDEX revoked_tokens_expiry ON public.revoked_tokens USING btree (expires_at);
CREATE INDEX rules_repository ON public.rules USING btree (repository_id);
CREATE INDEX seen_places_age ON public.seen_places USING btree (first_at);
CREATE INDEX service_account_keys_account ON public.service_account_keys USING btree (service_account_id, id);
CREATE UNIQUE INDEX service_accounts_email ON public.service_accounts USING btree (email) WHERE (deleted_at IS NULL);
CREATE INDEX service_accounts_project ON public.service_accounts USING btree (project_id, email);
CREATE INDEX sessions_expiry ON public.sessions USING btree (expires_at);
CREATE INDEX sessions_user ON public.sessions USING btree (user_id, created_at);
CREATE INDEX spent_assertions_expiry ON public.spent_assertions USING btree (expires_at);
CREATE INDEX tag_history_tag ON public.tag_history USING btree (repository_id, name, id);
CREATE INDEX tags_digest ON public.tags USING btree (repository_id, digest, name);
CREATE INDEX uploads_expiry ON public.uploads USING btree (expires_at, id);
CREATE UNIQUE INDEX users_email ON public.users USING btree (email) WHERE (deleted_at IS NULL);
CREATE INDEX webhook_deliveries_next ON public.webhook_deliveries USING btree (dead_at, next_at);
ALTER TABLE ONLY public.account_signing_keys
    ADD CONSTRAINT account_signing_keys_service_account_id_fkey FOREIGN KEY (service_account_id) REFERENCES public.service_accounts(id);
ALTER TABLE ONLY public.blob_links
    ADD CONSTRAINT blob_links_digest_fkey FOREIGN KEY (digest) REFERENCES public.blobs(digest);
ALTER TABLE ONLY public.blob_links
    ADD CONSTRAINT blob_links_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES public.repositories(id);
ALTER TABLE ONLY public.blobs
    ADD CONSTRAINT blobs_object_key_fkey FOREIGN KEY (object_key) REFERENCES public.objects(key);
ALTER TABLE ONLY public.custom_roles
    ADD CONSTRAINT custom_roles_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.group_members
    ADD CONSTRAINT group_members_group_id_fkey FOREIGN KEY (group_id) REFERENCES public.groups(id);
ALTER TABLE ONLY public.image_times
    ADD CONSTRAINT image_times_manifest FOREIGN KEY (repository_id, digest) REFERENCES public.manifests(repository_id, digest) ON DELETE CASCADE;
ALTER TABLE ONLY public.import_items
    ADD CONSTRAINT import_items_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.imports
    ADD CONSTRAINT imports_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.manifest_references
    ADD CONSTRAINT manifest_references_manifest FOREIGN KEY (repository_id, manifest_digest) REFERENCES public.manifests(repository_id, digest) ON DELETE CASCADE;
ALTER TABLE ONLY public.manifests
    ADD CONSTRAINT manifests_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES public.repositories(id);
ALTER TABLE ONLY public.outside_identities
    ADD CONSTRAINT outside_identities_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.passkeys
    ADD CONSTRAINT passkeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.passwords
    ADD CONSTRAINT passwords_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.project_blobs
    ADD CONSTRAINT project_blobs_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.project_limits
    ADD CONSTRAINT project_limits_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.refresh_tokens
    ADD CONSTRAINT refresh_tokens_login_id_fkey FOREIGN KEY (login_id) REFERENCES public.logins(id);
ALTER TABLE ONLY public.repositories
    ADD CONSTRAINT repositories_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.rules
    ADD CONSTRAINT rules_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.service_account_keys
    ADD CONSTRAINT service_account_keys_service_account_id_fkey FOREIGN KEY (service_account_id) REFERENCES public.service_accounts(id);
ALTER TABLE ONLY public.service_accounts
    ADD CONSTRAINT service_accounts_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.sessions
    ADD CONSTRAINT sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES public.users(id);
ALTER TABLE ONLY public.storage_samples
    ADD CONSTRAINT storage_samples_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.tags
    ADD CONSTRAINT tags_manifest FOREIGN KEY (repository_id, digest) REFERENCES public.manifests(repository_id, digest);
ALTER TABLE ONLY public.tags
    ADD CONSTRAINT tags_repository_id_fkey FOREIGN KEY (repository_id) REFERENCES public.repositories(id);
ALTER TABLE ONLY public.uploads
    ADD CONSTRAINT uploads_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.upstreams
    ADD CONSTRAINT upstreams_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.workload_identity_pools
    ADD CONSTRAINT workload_identity_pools_project_id_fkey FOREIGN KEY (project_id) REFERENCES public.projects(id);
ALTER TABLE ONLY public.workload_identity_providers
    ADD CONSTRAINT workload_identity_providers_pool_id_fkey FOREIGN KEY (pool_id) REFERENCES public.workload_identity_pools(id);
