import { beforeAll, expect, it, onTestFinished } from 'vitest'
import { createRevector, type Revector } from '../../src/library/revector.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { latestRevision } from '../../src/schema/history.ts'
import { recordingLog } from '../http/open-app.ts'
import { openApp as appOver, serveOptions } from '../http/support/service.ts'
import { plainLegacy, script } from '../schema/legacy.ts'
import { serverEngine } from '../support/engines.ts'
import { space } from '../support/models.ts'
import { describePoolers, type Pooled, pooledPlace, startPooler } from '../support/pooler.ts'

const documents = Array.from({ length: 30 }, (_, n) => ({
  title: `Note ${n}`,
  source: `note-${n}.md`,
  content: `Note number ${n} tells what changed in release ${n * 7}.`,
}))

describePoolers('a pooler does not disturb', (mode, url) => {
  const pooled: { at: Pooled } = { at: (databaseUrl) => databaseUrl }
  beforeAll(async () => {
    pooled.at = await startPooler(url, mode)
  })

  async function open(place: { readonly databaseUrl: string }): Promise<Revector> {
    const revector = await createRevector({ ...place, poolSize: 4, logLevel: 'silent' })
    onTestFinished(() => revector.db.close())
    return revector
  }

  it('a migration by two workers, served meanwhile and undone at once', async () => {
    const place = await pooledPlace(serverEngine(url), pooled.at)
    const revector = await open(place)
    const other = await open(place)
    await revector.db.initialize()
    await revector.models.add(space('before', 384))
    await revector.models.add(space('after', 512))
    await revector.models.use('before')
    for (const document of documents) await revector.ingestion.ingestDocument(document)

    const app = await appOver(revector, { options: serveOptions(), log: recordingLog().log })
    onTestFinished(() => app.close())
    const topHit = async (): Promise<string> => {
      const payload = { query: 'release 77', top_k: 1 }
      const answer = await app.inject({ method: 'POST', url: '/api/v1/search', payload })
      expect(answer.statusCode).toBe(200)
      const [hit] = (answer.json() as { hits: { title: string; models: object }[] }).hits
      return `${hit?.title} by ${Object.keys(hit?.models ?? {})}`
    }
    expect(await topHit()).toBe('Note 11 by before')

    const { id } = await revector.migrations.start({ sourceModel: 'before', targetModel: 'after' })
    const reports = await Promise.all([
      revector.migrations.work({ once: true }),
      other.migrations.work({ once: true }),
    ])
    expect(reports.reduce((sum, { embedded }) => sum + embedded, 0)).toBe(documents.length)
    expect(await revector.migrations.status(id)).toMatchObject({
      state: 'ready',
      doneChunks: documents.length,
    })
    await other.migrations.cutOver(id)
    expect(await topHit()).toBe('Note 11 by after')
    await revector.migrations.rollBack(id)
    expect(await topHit()).toBe('Note 11 by before')
  })

  it('the schema of an adopted table goes up, down and up again', async () => {
    const place = await pooledPlace(serverEngine(url), pooled.at)
    const direct = await connectDatabase({ databaseUrl: place.directDatabaseUrl })
    await script(direct, plainLegacy(64, 40))
    await direct.close()
    const [revector, other] = [await open(place), await open(place)]
    expect(await revector.db.run({ model: 'lexical-hash-64' })).toMatchObject({ revision: latestRevision })
    expect(await other.db.rollback()).toMatchObject({ revision: 1 })
    expect(await revector.db.run({ model: 'lexical-hash-64' })).toMatchObject({ revision: latestRevision })
    expect((await other.documents.list()).documents).toHaveLength(3)
  })
})
