import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { makeShape, modelName, shapes, texts } from '../adopt/shapes.ts'
import { temporaryFolder } from '../support/engines.ts'
import { runCli } from './run-cli.ts'

vi.setConfig({ testTimeout: 120_000 })

describe('db discover, adopt and release', () => {
  it('say what there is, search it where it is, and leave it', async () => {
    const [shape] = shapes
    if (shape === undefined) throw new Error('There is no shape')
    const cwd = await temporaryFolder()
    const db = await connectDatabase({ dataDir: join(cwd, '.revector') })
    await makeShape(db, shape)
    await db.close()

    const run = (args: readonly string[], env: Record<string, string> = {}) =>
      runCli(['--json', ...args], { cwd, env })
    expect((await run(['db', 'discover'])).json().columns).toEqual([
      expect.objectContaining({
        schema: 'public',
        table: shape.table,
        tool: 'LangChain.js',
        row_security: false,
        mode: 'attach',
        adopt: `revector db adopt public.${shape.table} --model NAME`,
      }),
    ])
    // Nothing appears unasked beside the vectors.
    expect(await run(['documents', 'list'])).toMatchObject({ code: 1 })

    const planned = await run(['db', 'adopt', shape.table, '--model', modelName, '--plan'])
    expect(planned.json()).toMatchObject({
      mode: 'attach',
      texts: `public.${shape.table}`,
      text: '"content"',
      id: 'id',
      vectors: texts.length,
      copied: 0,
      maintained: false,
      locks: [{ table: `public.${shape.table}`, mode: 'SHARE ROW EXCLUSIVE' }],
    })
    // Nothing was made by that.
    expect(await run(['documents', 'list'])).toMatchObject({ code: 1 })
    const adopted = await run(['db', 'adopt', shape.table, '--model', modelName])
    expect(adopted.code).toBe(0)
    expect(adopted.stderr).toContain(`public.${shape.table} in SHARE ROW EXCLUSIVE mode`)
    expect(adopted.json()).toMatchObject({
      schema: 'public',
      table: shape.table,
      mode: 'attach',
      rows: texts.length,
      model: modelName,
      verified: true,
      locked_ms: expect.any(Number),
      revector_schema: 'revector',
    })
    const env = { REVECTOR_SCHEMA: 'revector' }
    const { hits } = (await run(['search', 'When do ships leave the harbour?'], env)).json()
    expect(hits[0].content).toBe(texts[1])

    // What others fill goes with it, so that needs a yes.
    expect(await run(['db', 'release'], env)).toMatchObject({ code: 3 })
    expect((await run(['--yes', 'db', 'release'], env)).json()).toEqual({
      schema: 'public',
      table: shape.table,
    })
    expect((await run(['search', 'ships'], env)).json().error).toMatchObject({ code: 'SCHEMA_MISSING' })
  })

  it('refuse a model that did not make the vectors, with exit code 3', async () => {
    const [shape] = shapes
    if (shape === undefined) throw new Error('There is no shape')
    const cwd = await temporaryFolder()
    const db = await connectDatabase({ dataDir: join(cwd, '.revector') })
    await makeShape(db, {
      ...shape,
      insert: shape.insert.replace('$3::vector', `array_fill($1::real, array[64])::vector`),
    })
    await db.close()
    const refused = await runCli(['--json', 'db', 'adopt', shape.table, '--model', modelName], { cwd })
    expect(refused.code).toBe(3)
    expect(refused.json().error).toMatchObject({ code: 'MODEL_UNPROVEN' })
    const missing = await runCli(['--json', 'db', 'adopt', 'nothing', '--model', modelName], { cwd })
    expect(missing.code).toBe(2)
    expect(missing.json().error).toMatchObject({ code: 'NOT_FOUND' })
  })
})
