// A process that adopts a table, and dies of SIGKILL before its n-th statement. Runs what was compiled.
// argv: { databaseUrl, table, options, dieAt: number | null }
import pg from 'pg'
import { createRevector } from '../../dist/index.js'

const { databaseUrl, table, options, dieAt } = JSON.parse(process.argv[2])
const { query } = pg.Client.prototype
let sent = 0
pg.Client.prototype.query = function counted(...given) {
  sent += 1
  if (sent === dieAt) process.kill(process.pid, 'SIGKILL')
  return query.apply(this, given)
}
const revector = await createRevector({ databaseUrl, schema: 'beside', logLevel: 'silent', poolSize: 2 })
try {
  process.stdout.write(JSON.stringify(await revector.db.adopt(table, options)))
} catch (error) {
  process.stderr.write(`${error.code} ${error.message}`)
  process.exitCode = 1
} finally {
  await revector.db.close()
}
