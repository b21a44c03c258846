import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createRevector, type SearchAs } from '../../src/index.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw } from '../../src/postgres/sql.ts'
import { afterUse, describeServer } from '../support/engines.ts'
import { makeShape, modelName, shapes, texts } from './shapes.ts'

vi.setConfig({ testTimeout: 120_000 })

describeServer('searching an application’s table as a role', (engine) => {
  it.each([
    'LangChain.js',
    'texts and vectors in two tables',
    'a key of three columns, in two tables',
    'arrays of numbers, in two tables',
  ])('%s: its policies hold, in every model', async (name) => {
    const shape = shapes.find((one) => one.name === name)
    const place = await engine.place()
    if (shape === undefined || !('databaseUrl' in place)) throw new Error('There is no shape or no server')
    const run = async (statements: string): Promise<void> => {
      const db = await connectDatabase(place)
      await db.query(raw(statements)).finally(() => db.close())
    }
    const db = await connectDatabase(place)
    await makeShape(db, shape)
    await db.close()
    const revector = await createRevector({ ...place, schema: 'beside', logLevel: 'silent', poolSize: 3 })
    onTestFinished(() => revector.db.close())
    await revector.db.adopt(shape.table, { model: modelName, ...shape.choices })
    await revector.models.add({
      modelName: 'second',
      dimension: 32,
      provider: 'lexical-hash',
      remoteName: 'lexical-hash-32',
    })
    await revector.models.fill('second')

    // The whole row, as its columns have other names in each shape.
    const relation = shape.texts.split('.').at(-1)
    const role = `tenant_${randomUUID().replaceAll('-', '')}`
    await run(`
      create role ${role};
      alter table ${shape.texts} enable row level security;
      create policy own on ${shape.texts} using (
        ${relation}::text like '%' || (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'begins') || '%')`)
    afterUse(() => run(`drop owned by ${role}; drop role ${role}`))
    const as = (begins: string): SearchAs => ({
      role,
      settings: { 'request.jwt.claims': JSON.stringify({ begins }) },
    })
    await expect(revector.retriever.search({ query: 'bees', as: as('Bees') })).rejects.toMatchObject({
      code: 'DATABASE_PERMISSION_DENIED',
    })
    const { role: report } = await revector.doctor({ probe: false, role })
    const grants = report?.works.find(({ work }) => work === 'search-as')?.grants ?? []
    await run(grants.map(({ statement }) => statement).join('; '))

    const begins = texts[0]?.slice(0, 4) ?? ''
    const own = texts.filter((text) => text.startsWith(begins)).sort()
    for (const model of [modelName, 'second']) {
      const request = { query: texts.at(-1) ?? '', topK: 50, modelName: model }
      const found = await revector.retriever.search({ ...request, as: as(begins) })
      expect(found.hits.map(({ content }) => content).sort()).toEqual(own)
      expect(found.coverage).toEqual({ [model]: 1 })
      expect((await revector.retriever.search(request)).hits).toHaveLength(texts.length)
      expect((await revector.retriever.search({ ...request, as: as('no such') })).hits).toEqual([])
    }
    expect((await revector.documents.list({ as: as(begins) })).documents).toHaveLength(own.length)
    // The owner goes on seeing all.
    expect((await revector.documents.list()).documents).toHaveLength(texts.length)

    await run('alter view beside.visible_chunks set (security_invoker = false)')
    await expect(revector.retriever.search({ query: 'bees', as: as(begins) })).rejects.toMatchObject({
      code: 'ROW_SECURITY_INACTIVE',
    })
  })
})
