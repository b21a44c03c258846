import { expect, it, onTestFinished, vi } from 'vitest'
import { createRevector } from '../../src/library/revector.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw } from '../../src/postgres/sql.ts'
import { loadLayout } from '../../src/schema/layout.ts'
import { requireModel } from '../../src/store/models.ts'
import { findNearest } from '../../src/store/nearest.ts'
import { explainNearest } from '../../src/store/nearest-plan.ts'
import { defaultTuning } from '../../src/store/nearest-tuning.ts'
import { describeEngines } from '../support/engines.ts'
import { makeShape, modelName, type Shape, shapes, texts } from './shapes.ts'

vi.setConfig({ testTimeout: 120_000 })

const [first] = shapes
if (first === undefined) throw new Error('There is no shape')

/** The column of the vectors and the index on it, as applications have them. */
const indexes: readonly { readonly column: string; readonly index: string; readonly insert?: string }[] = [
  { column: 'halfvec(64)', index: 'vector halfvec_cosine_ops' },
  { column: 'halfvec(64)', index: 'vector halfvec_l2_ops' },
  { column: 'vector(64)', index: '(vector::halfvec(64)) halfvec_cosine_ops' },
  { column: 'vector(64)', index: 'vector vector_ip_ops' },
  { column: 'vector', index: '(vector::vector(64)) vector_cosine_ops' },
  { column: 'vector(64)', index: '(binary_quantize(vector)::bit(64)) bit_hamming_ops' },
]

describeEngines('the application’s own index', (engine) => {
  it.each(indexes)('$index on $column is what searches use', async ({ column, index }) => {
    const place = await engine.place()
    const shape: Shape = {
      ...first,
      ddl: `create table testlangchainjs (
          id uuid primary key default gen_random_uuid(), content text, metadata jsonb, vector ${column})`,
      insert: first.insert.replace('$3::vector', `$3::vector::${column.replace(/\(.*/, '')}`),
    }
    const before = await connectDatabase(place)
    await makeShape(before, shape)
    await before.query(
      raw(`insert into testlangchainjs (content, vector)
        select 'Passage ' || i, l2_normalize((select array_agg(random()::real - 0.5) from generate_series(1, 64 + 0 * i))::vector(64))
        from generate_series(1, 1500) i`),
    )
    await before.query(raw(`create index theirs on testlangchainjs using hnsw (${index})`))
    await before.query(raw('analyze testlangchainjs'))
    await before.close()
    const revector = await createRevector({ ...place, schema: 'beside', logLevel: 'silent' })
    onTestFinished(() => revector.db.close())
    await revector.db.adopt(shape.table, { model: modelName, unverified: true })
    await revector.db.close()

    const db = await connectDatabase({ ...place, schema: 'beside' })
    onTestFinished(() => db.close())
    const layout = await loadLayout(db)
    const model = await requireModel(db, modelName)
    const { rows } = await db.query<{ vector: string; id: string }>(
      raw(`select vector::text, id from public.testlangchainjs where content like 'Ships%'`),
    )
    const vector = Float32Array.from(JSON.parse(rows[0]?.vector ?? '[]') as number[])
    const request = { model, vector, k: 5, versionOf: null, vectors: 1505 }
    const tuning = { ...defaultTuning, exactRows: 100 }
    const { index: used } = await explainNearest(db, layout, request, tuning)
    expect(used).toBe('theirs')
    const { found } = await findNearest(db, layout, request, { tuning })
    expect(found[0]).toMatchObject({ chunkId: rows[0]?.id, content: texts[1] })
    expect(found[0]?.distance).toBeCloseTo(0, 2)
    expect(found).toHaveLength(5)
  })
})
