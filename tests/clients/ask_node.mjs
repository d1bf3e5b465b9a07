// DuckDB in Node asks a release: node ask_node.mjs PACKAGES RELEASE. Prints JSON; PACKAGES is the folder its packages are in.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const installed = createRequire(join(process.argv[2], "package.json"));
const { DuckDBInstance } = await import(pathToFileURL(installed.resolve("@duckdb/node-api")));
const questions = JSON.parse(readFileSync(new URL("questions.json", import.meta.url), "utf-8"));
const instance = await DuckDBInstance.create(`${process.argv[3]}/ventetal.duckdb`, { access_mode: "READ_ONLY" });
const connection = await instance.connect();
const rows = async sql => (await connection.runAndReadAll(sql)).getRows();
const one = async sql => (await rows(sql))[0][0];

// As asked.py: the sum of a measure by a column.
async function told(asked, schema) {
  const words = schema === "main" ? asked.view : asked;
  const limits = Object.entries(words.where).map(([column, value]) => `cast("${column}" as varchar) = '${value}'`).join(" and ");
  const sql = `select cast("${words.by}" as varchar), cast(sum("${words.measure}") as double) from ${schema}.${asked.table} where ${limits} group by 1`;
  const found = await rows(sql);
  return Object.fromEntries(found.map(([who, total]) => [String(who).slice(0, 40), total === null ? null : total.toFixed(6)]));
}

const each = async schema => {
  const answers = [];
  for (const asked of questions) answers.push(await told(asked, schema));
  return answers;
};
const of = "schema_name = 'marts' and table_name = 'redirection_monthly'";
console.log(JSON.stringify({
  marts: (await rows("select table_name from duckdb_tables() where schema_name = 'marts' order by 1")).flat(),
  views: (await rows("select view_name from duckdb_views() where schema_name = 'main' and not internal order by 1")).flat(),
  total: Number(await one("select cast(sum(treatments) as bigint) from marts.redirection_monthly")),
  share: await one("select max(answered_share) from marts.servicedesk_calls_monthly"),
  newest: await one("select cast(max(month) as varchar) from marts.kpi_monthly"),
  label: await one("select label from reference.code_label where column_name = 'indicator' and code = 'answered_in_time'"),
  comment: await one(`select comment from duckdb_tables() where ${of}`),
  meaning: await one(`select comment from duckdb_columns() where ${of} and column_name = 'treatments'`),
  answers: await each("marts"),
  "answers of views": await each("main"),
}));
