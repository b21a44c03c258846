import { expect, it, onTestFinished } from 'vitest'
import { createRevector } from '../../src/index.ts'
import { describeEngines } from '../support/engines.ts'

describeEngines('removing many documents', (engine) => {
  it('takes those of the sources that match the filter, and says how many', async () => {
    const revector = await createRevector(await engine.readyPlace())
    onTestFinished(() => revector.db.close())
    const { documents, ingestion } = revector
    await ingestion.ingestDocuments(
      Array.from({ length: 450 }, (_, n) => ({
        title: `Note ${n}`,
        source: `note:${n}`,
        content: `note ${n}`,
        metadata: { even: n % 2 === 0 },
      })),
    )
    expect(
      await documents.removeAll({
        sources: ['note:1', 'note:2', 'none'],
        filter: { metadata: { even: true } },
      }),
    ).toEqual({
      removed: 1,
    })
    expect(await documents.removeAll({ filter: { metadata: { even: true } } })).toEqual({ removed: 224 })
    expect(await documents.removeAll({ sources: ['note:1', 'note:3'] })).toEqual({ removed: 2 })
    expect(await documents.removeAll({ sources: [] })).toEqual({ removed: 0 })
    const left = await documents.list({ limit: 1_000 })
    expect(left.documents).toHaveLength(223)
    expect((await revector.db.status()).chunks).toBe(223)
  })

  it('takes none without being told which', async () => {
    const revector = await createRevector(await engine.readyPlace())
    onTestFinished(() => revector.db.close())
    for (const which of [{}, { filter: {} }, { filter: { tenant: 'a' } as object }]) {
      await expect(revector.documents.removeAll(which)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }
  })
})
