import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { connectDatabase, type DatabaseOptions } from '../../src/postgres/connect.ts'
import { exerciseEngine } from '../../src/testing/exercise-engine.ts'
import { serverEngine } from '../support/engines.ts'
import { describePoolers, pooledPlace, startPooler } from '../support/pooler.ts'

describePoolers('conformance', (mode, url) => {
  const places: DatabaseOptions[] = []
  beforeAll(async () => {
    const pooled = await startPooler(url, mode)
    const server = serverEngine(url)
    places.push(await pooledPlace(server, pooled), await pooledPlace(server, pooled))
  })
  exerciseEngine(() => connectDatabase(places.shift()), { describe, it, after: afterAll })
})

describePoolers(
  'without a direct URL, behind a pooler that changes backends,',
  (mode, url) => {
    it('work that needs one session says which variable is missing', async () => {
      const pooled = await startPooler(url, mode)
      const { databaseUrl } = await pooledPlace(serverEngine(url), pooled)
      const db = await connectDatabase({ databaseUrl })
      onTestFinished(() => db.close())
      await expect(db.session(async () => {})).rejects.toMatchObject({
        code: 'DIRECT_URL_MISSING',
        hint: expect.stringContaining('DIRECT_DATABASE_URL'),
      })
    })
  },
  [{ pool: 'transaction', prepared: true }],
)
