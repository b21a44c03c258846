import { expect, it } from 'vitest'
import { createRevector } from '../../src/library/revector.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { sql } from '../../src/postgres/sql.ts'
import { afterUse, describeServer } from '../support/engines.ts'

describeServer('an ingest whose connections an administrator ends', (engine) => {
  it('goes on, and stores every document once', async () => {
    const place = (await engine.readyPlace()) as { readonly databaseUrl: string }
    const revector = await createRevector({ ...place, logLevel: 'silent' })
    afterUse(() => revector.db.close())
    await revector.models.add({ modelName: 'words', dimension: 64, provider: 'lexical-hash' })
    await revector.models.use('words')
    const admin = await connectDatabase({ ...place, applicationName: 'admin', poolSize: 1 })
    afterUse(() => admin.close())

    let ended = 0
    const ending = (async () => {
      while (ended < 20) {
        const { rows } = await admin.query<{ n: number }>(sql`
          select count(pg_terminate_backend(pid))::int as n from (
            select pid from pg_stat_activity
            where datname = current_database() and application_name = 'revector' and query <> ''
            limit 1) as one`)
        ended += rows[0]?.n ?? 0
      }
    })()
    let stored = 0
    while (ended < 20) {
      stored += 1
      await revector.ingestion.ingestDocument({
        title: `Document ${stored}`,
        content: `Owls hunt at night, and this is text number ${stored}.`,
      })
    }
    await ending
    const { documents, chunks } = await revector.db.status()
    expect({ documents, chunks }).toEqual({ documents: stored, chunks: stored })
  })
})
