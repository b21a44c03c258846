import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw } from '../../src/postgres/sql.ts'
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

  it('and expose, export and retire move the application, and show its functions with the new width', async () => {
    const cwd = await temporaryFolder()
    const db = await connectDatabase({ dataDir: join(cwd, '.revector') })
    await makeShape(db, {
      name: 'Supabase',
      table: 'documents',
      texts: 'documents',
      ddl: `create table documents (id bigserial primary key, content text, metadata jsonb, embedding vector(64));
        create index on documents using hnsw (embedding vector_cosine_ops)`,
      insert: `insert into documents (content, metadata, embedding) values ($2, jsonb_build_object('n', $1::int), $3::vector)`,
      rename: '',
      remove: '',
    })
    await db.query(
      raw(`
      create function match_documents (query_embedding vector(64), match_count int default null, filter jsonb default '{}')
      returns table (id bigint, content text, similarity float) language plpgsql as $$
      begin
        return query select documents.id, documents.content, 1 - (documents.embedding <=> query_embedding::vector(64)) as similarity
        from documents where metadata @> filter order by documents.embedding <=> query_embedding limit match_count;
      end; $$`),
    )
    await db.query(
      raw(`create function touch() returns trigger language plpgsql as $$ begin return new; end $$`),
    )
    await db.query(
      raw(`create trigger touched before update on documents for each row execute function touch()`),
    )
    await db.close()
    const env = { REVECTOR_SCHEMA: 'revector' }
    const run = (args: readonly string[]) => runCli(args, { cwd, env })
    await run(['db', 'adopt', 'documents', '--model', modelName])
    await run(['models', 'add', 'lexical-hash-32', '--provider', 'lexical-hash', '--dimension', '32'])
    await run(['migrate', 'run', '--from', modelName, '--to', 'lexical-hash-32'])

    const refused = await run(['--json', 'db', 'expose', 'lexical-hash-32', '--as', 'documents'])
    expect([refused.code, refused.json().error.code]).toEqual([3, 'UPGRADE_REFUSED'])
    const exposed = await run(['--json', 'db', 'expose', 'lexical-hash-32', '--as', 'documents_next'])
    expect(exposed.json()).toEqual({
      schema: 'public',
      table: 'documents_next',
      model: 'lexical-hash-32',
      rows: texts.length,
      vectors: texts.length,
      triggers: ['touched'],
      functions: [
        expect.stringContaining('FUNCTION public.match_documents_32(query_embedding public.vector'),
      ],
    })
    const [shown] = exposed.json().functions
    expect(shown).toContain('documents_next.embedding <=> query_embedding::vector(32)')
    expect(shown).not.toMatch(/\bdocuments\b|64/)
    const said = await run(['db', 'expose', 'lexical-hash-32', '--as', 'documents_next'])
    expect(said.stdout).toContain('Not copied: the application’s triggers touched.')
    expect((await run(['--json', 'db', 'status'])).json().adopted.exposed).toEqual({
      schema: 'public',
      table: 'documents_next',
      complete: true,
    })
    const exported = await run(['--json', 'db', 'export', 'lexical-hash-32', '--like', 'documents'])
    expect(exported.json()).toEqual({
      schema: 'public',
      table: 'documents_32',
      model: 'lexical-hash-32',
      rows: texts.length,
    })
    const retired = await run(['--yes', 'migrate', 'retire', '--force'])
    expect(retired.stdout).toContain('when no deployment uses it: drop table "public"."documents"')

    const left = await connectDatabase({ dataDir: join(cwd, '.revector') })
    await left.query(raw('drop table documents_32'))
    await left.query(raw(shown))
    await left.query(raw('drop table documents'))
    await left.query(raw(`insert into documents_next (content) values ('More.')`))
    const { rows } = await left.query<{ id: string }>(
      raw(`
      select id from match_documents_32((select embedding from documents_next where id = 2), 1)`),
    )
    expect(rows).toEqual([{ id: '2' }])
    await left.close()
  })
})
