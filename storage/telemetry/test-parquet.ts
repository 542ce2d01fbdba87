import { DuckDBInstance } from '@duckdb/node-api';

/** What a Parquet file holds, in its order. */
export async function parquetRows(path: string) {
  const connection = await (await DuckDBInstance.create()).connect();
  try {
    return (await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`)).getRowObjects();
  } finally {
    connection.closeSync();
  }
}
