// A process that upgrades or rolls back, and dies of SIGKILL at the n-th thing it reports. Runs what was compiled.
// argv: { place, action: 'run' | 'rollback', options, dieAt: number | null }
import { connectDatabase } from '../../dist/postgres/connect.js'
import { rollbackRevisions, runRevisions } from '../../dist/schema/upgrade.js'

const { place, action, options, dieAt } = JSON.parse(process.argv[2])
let reported = 0
const onProgress = (event) => {
  if (event.type === 'warning') return
  reported += 1
  if (reported === dieAt) process.kill(process.pid, 'SIGKILL')
}
const db = await connectDatabase({ ...place, poolSize: 2 })
try {
  const work = action === 'run' ? runRevisions : rollbackRevisions
  process.stdout.write(JSON.stringify(await work(db, { ...options, onProgress })))
} catch (error) {
  process.stderr.write(`${error.code} ${error.message}`)
  process.exitCode = 1
} finally {
  await db.close()
}
