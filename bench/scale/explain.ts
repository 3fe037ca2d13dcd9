/** What one statement reads, as PostgreSQL itself counts it. */
import type pg from "pg";

export interface Explained {
  /** Pages of 8 KiB, from memory or not. */
  readonly pages: number;
  readonly rows: number;
  readonly milliseconds: number;
  /** Tables that are read from end to end. */
  readonly scans: readonly string[];
  readonly indexes: readonly string[];
}

type Node = {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Actual Rows"?: number;
  "Shared Hit Blocks"?: number;
  "Shared Read Blocks"?: number;
  Plans?: Node[];
};

/** Runs it and takes it back. Undefined for one that cannot be explained. */
export async function explain(
  client: pg.Client,
  text: string,
  values: readonly unknown[],
): Promise<Explained | undefined> {
  if (!/^\s*(select|insert|update|delete|with)\b/i.test(text)) return undefined;
  const parameters = values.map((value) => {
    const bytes = (value as { bytes?: string } | null)?.bytes;
    return bytes === undefined ? value : Buffer.from(bytes, "hex");
  });
  await client.query("begin");
  try {
    const { rows } = await client.query(`explain (analyze, buffers, format json) ${text}`, parameters);
    const [{ Plan: plan, "Execution Time": milliseconds }] = rows[0]["QUERY PLAN"];
    const nodes = flat(plan);
    return {
      pages: (plan["Shared Hit Blocks"] ?? 0) + (plan["Shared Read Blocks"] ?? 0),
      rows: plan["Actual Rows"] ?? 0,
      milliseconds,
      scans: [
        ...new Set(nodes.filter((node) => node["Node Type"] === "Seq Scan").map((node) => node["Relation Name"] ?? "")),
      ],
      indexes: [...new Set(nodes.flatMap((node) => node["Index Name"] ?? []))],
    };
  } catch {
    return undefined;
  } finally {
    await client.query("rollback");
  }
}

function flat(node: Node): Node[] {
  return [node, ...(node.Plans ?? []).flatMap(flat)];
}

export interface TableSize {
  readonly table: string;
  readonly rows: number;
  readonly tableBytes: number;
  readonly indexBytes: number;
  /** Pages from the root to a leaf, of its deepest index. */
  readonly depth: number;
}

export async function tableSizes(client: pg.Client, tables: readonly string[]): Promise<TableSize[]> {
  await client.query("create extension if not exists pageinspect");
  const { rows } = await client.query(
    `select c.relname as "table", c.reltuples::bigint::float8 as rows, pg_table_size(c.oid)::float8 as "tableBytes",
       pg_indexes_size(c.oid)::float8 as "indexBytes",
       (select max((bt_metap(i.indexrelid::regclass::text)).level) + 1 from pg_index i where i.indrelid = c.oid)::int as depth
     from pg_class c where c.relkind = 'r' and c.relname = any($1)`,
    [tables],
  );
  return rows as TableSize[];
}
