// A process of its own that opens a data folder, says how that went, and holds it until its input ends.
import { connectDatabase } from '../../dist/postgres/connect.js'
import { sql } from '../../dist/postgres/sql.js'

const [dataDir, ...statements] = process.argv.slice(2)
try {
  const database = await connectDatabase({ dataDir })
  for (const text of statements) await database.query({ text, values: [] })
  const open = await database.query(sql`select 1 as n`)
  process.stdout.write(`opened ${process.pid} ${open.rows.length}\n`)
  process.stdin.resume().on('end', () => database.close())
} catch (error) {
  process.stdout.write(`${error.code} ${error.message}\n`)
  process.exitCode = 3
}
