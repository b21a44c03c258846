import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRevector, type OwnModel, type Revector } from '../../src/index.ts'
import { describeEngines, temporaryFolder } from '../support/engines.ts'

/** More than are compared one by one: searches go by the index. */
const common = 5_400
const rare = 60

/** On a half circle, by the number in the text: what is near to 0 is far from the last. */
const circle: OwnModel = {
  modelName: 'circle',
  dimension: 3,
  embed: async (texts) =>
    texts.map((text) => {
      const angle = (Math.PI * Number(/\d+/.exec(text)?.[0] ?? 0)) / (common + rare)
      return Float32Array.of(Math.cos(angle), Math.sin(angle), 0.01)
    }),
}

/** Paragraphs that each become a chunk of their own. */
function paragraphsFrom(first: number, count: number): string {
  const line = (i: number) => `Number ${first + i} of a long list of paragraphs, none of which fits another.`
  return Array.from({ length: count }, (_, i) => line(i)).join('\n\n')
}

describeEngines('a search of more chunks than are compared one by one', (engine) => {
  let revector: Revector

  beforeAll(async () => {
    revector = await createRevector({ ...(await engine.readyPlace()), models: [circle], chunkTokens: 24 })
    await revector.models.use('circle')
    const folder = await temporaryFolder()
    for (const [tenant, first, count] of [
      ['many', 0, common],
      ['few', common, rare],
    ] as const) {
      const own = join(folder, tenant)
      await mkdir(own)
      const each = Math.ceil(count / 9)
      for (let at = 0; at < count; at += each) {
        const text = paragraphsFrom(first + at, Math.min(each, count - at))
        await writeFile(join(own, `${at}.txt`), text)
      }
      await revector.ingestion.ingestPaths({ paths: [own], metadata: { tenant } })
    }
    expect((await revector.db.status()).chunks).toBe(common + rare)
  })
  afterAll(() => revector.db.close())

  // 18. https://github.com/plastic-labs/honcho/issues/1048, https://github.com/pgvector/pgvector/issues/751
  it('honcho#1048, pgvector#751: gives k hits however little the filter leaves near the query', async () => {
    const search = (topK: number, tenant?: string) =>
      revector.retriever.search({
        query: 'Number 0',
        topK,
        ...(tenant === undefined ? {} : { filter: { metadata: { tenant } } }),
      })
    // All of them are on the other side of the circle, behind thousands that don't pass.
    for (const topK of [1, 10, rare]) {
      const { hits } = await search(topK, 'few')
      expect(hits).toHaveLength(topK)
      expect(hits[0]?.content).toContain(`Number ${common} `)
    }
    expect((await search(100, 'few')).hits).toHaveLength(rare)
    expect((await search(100, 'many')).hits).toHaveLength(100)
    expect((await search(100)).hits).toHaveLength(100)
    expect((await search(5, 'nobody')).hits).toEqual([])
  })

  // 19. https://github.com/Krzysztof318/MailFathom/pull/1255
  it('MailFathom#1255: the query that is really sent uses the index, and doctor shows it', async () => {
    const { checks } = await revector.doctor({ probe: false })
    const of = (check: string) => checks.filter((one) => one.check === check && one.model === 'circle')
    expect(of('index')).toMatchObject([{ result: 'ok', data: { valid: true } }])
    expect(of('index_use')).toMatchObject([{ result: 'ok', data: { index: 'idx_embeddings_hnsw_3' } }])
  })
})
