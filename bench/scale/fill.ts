/** Rows of images that nobody pushed, made by PostgreSQL itself: 5 blobs an image, 100 images a repository, 100 repositories a project. */
import type pg from "pg";

export const blobsPerImage = 5;
const imagesPerRepository = 100;
const repositoriesPerProject = 100;
const statementsOf = (from: number, to: number): string[] => {
  const images = `generate_series(${from / blobsPerImage}, ${to / blobsPerImage - 1}) i`;
  const blobs = `generate_series(${from}, ${to - 1}) b`;
  const perRepository = blobsPerImage * imagesPerRepository;
  const repositories = `generate_series(${from / perRepository}, ${to / perRepository - 1}) r`;
  const projects = `generate_series(${Math.floor(from / perRepository / repositoriesPerProject)}, ${Math.ceil(to / perRepository / repositoriesPerProject) - 1}) p`;
  const project = (repository: string) => `'9' || lpad((${repository} / ${repositoriesPerProject})::text, 12, '0')`;
  const repository = (r: string) => `'filled-' || (${r})`;
  const digest = (what: string, number: string) =>
    `'sha256:' || encode(sha256(('${what}' || ${number})::bytea), 'hex')`;
  const at = "1767225600000";
  return [
    `insert into projects (id, name, display_name, created_at)
     select '9' || lpad(p::text, 12, '0'), 'filled-' || p, '', ${at} from ${projects} on conflict do nothing`,
    `insert into repositories (id, location, project_id, name, created_at)
     select ${repository("r")}, 'default', ${project("r")}, 'team/app-' || r, ${at} from ${repositories}`,
    `insert into name_ends (project_id, location, name_end, repository_id, position)
     select ${project("r")}, 'default', substr('team/app-' || r, s), ${repository("r")}, s
     from ${repositories}, generate_series(1, 10) s on conflict do nothing`,
    `insert into objects (key, size, created_at) select md5('object' || b), 1000000, ${at} from ${blobs}`,
    `insert into blobs (digest, object_key, size, created_at, verified_at)
     select ${digest("blob", "b")}, md5('object' || b), 1000000, ${at}, ${at} + b from ${blobs}`,
    `insert into blob_links (repository_id, digest, created_at)
     select ${repository(`b / ${perRepository}`)}, ${digest("blob", "b")}, ${at} from ${blobs}`,
    `insert into project_blobs (project_id, digest, links)
     select ${project(`b / ${perRepository}`)}, ${digest("blob", "b")}, 1 from ${blobs}`,
    `insert into manifests (repository_id, digest, media_type, size, image_size, created_at, pushed_by, body)
     select ${repository(`i / ${imagesPerRepository}`)}, ${digest("manifest", "i")},
       'application/vnd.oci.image.manifest.v1+json', 1000, 5000000, ${at}, 'serviceAccount:1',
       (md5(i::text) || md5('a' || i) || repeat(md5('b' || i), 28))::bytea from ${images}`,
    `insert into manifest_references (repository_id, manifest_digest, position, kind, digest, media_type, size)
     select ${repository(`b / ${perRepository}`)}, ${digest("manifest", `(b / ${blobsPerImage})`)}, b % ${blobsPerImage},
       case when b % ${blobsPerImage} = 0 then 'config' else 'layer' end, ${digest("blob", "b")},
       'application/vnd.oci.image.layer.v1.tar', 1000000 from ${blobs}`,
    `insert into tags (repository_id, name, digest, updated_at)
     select ${repository(`i / ${imagesPerRepository}`)}, 'v' || i, ${digest("manifest", "i")}, ${at} from ${images}`,
    `insert into tag_history (repository_id, name, to_digest, changed_at, changed_by)
     select ${repository(`i / ${imagesPerRepository}`)}, 'v' || i, ${digest("manifest", "i")}, ${at}, 'serviceAccount:1' from ${images}`,
  ];
};

/** Blobs in one statement; whole repositories. */
const step = 500_000;

/** Fills the tables from `from` blobs up to `to`, both multiples of 500. Nothing refers to what is not there, so keys need no check. */
export async function fillDatabase(client: pg.Client, from: number, to: number): Promise<void> {
  await client.query("set session_replication_role = replica");
  await client.query("set synchronous_commit = off");
  for (let start = from; start < to; start += step) {
    for (const statement of statementsOf(start, Math.min(start + step, to))) await client.query(statement);
  }
  await client.query("set session_replication_role = origin");
  await client.query("vacuum (analyze)");
}
