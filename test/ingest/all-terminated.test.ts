import { expect, it, vi } from 'vitest'
import { createRevector } from '../../src/library/revector.ts'
import { writeManyFiles } from '../cli/corpus.ts'
import { runCli } from '../cli/run-cli.ts'
import { endBackends } from '../support/end-backends.ts'
import { afterUse, describeServer, type Engine, temporaryFolder } from '../support/engines.ts'

vi.setConfig({ testTimeout: 240_000 })

const files = 200
const words = { modelName: 'words', dimension: 64, provider: 'lexical-hash' } as const

async function corpus(engine: Engine) {
  const place = (await engine.place()) as { readonly databaseUrl: string }
  const revector = await createRevector({ ...place, logLevel: 'silent' })
  afterUse(() => revector.db.close())
  await revector.db.initialize()
  await revector.models.add(words)
  await revector.models.use('words')
  const table = async (modelName: string): Promise<string> => {
    const model = (await revector.models.list()).find((one) => one.modelName === modelName)
    return `chunk_embeddings_model_${model?.id}`
  }
  const dir = await temporaryFolder()
  return { ...place, revector, table, dir, many: writeManyFiles(dir, files) }
}

const moments = (table: string) =>
  [
    { table: 'documents', at: 'commit', times: 5 },
    { table: 'documents', at: 'statement', times: 3 },
    { table: 'chunks', at: 'statement', times: 4 },
    { table, at: 'statement', times: 4 },
  ] as const

/** Every document and chunk that there should be, each once and with its vector. */
const stored = (table: string): string => `
  select (select count(*)::int from documents) as documents, (select count(distinct source)::int from documents) as sources,
    (select count(*)::int from chunks) as chunks, (select count(distinct content)::int from chunks) as texts,
    (select count(*)::int from ${table}) as vectors,
    (select count(*)::int from pg_index where not indisvalid) as invalid`
const complete = { documents: files, sources: files, chunks: files, texts: files, vectors: files, invalid: 0 }

const vectors = (table: string): string => `
  select (select count(*)::int from ${table}) as vectors,
    (select count(*)::int from pg_index where not indisvalid) as invalid`

describeServer('an ingest during which all connections are ended at once, twenty times,', (engine) => {
  it('goes on in the library', async () => {
    const { databaseUrl, revector, table, many } = await corpus(engine)
    const ended = await endBackends(databaseUrl, 'ingesting', moments(await table('words')), {
      atIndexBuilds: 4,
    })
    const report = await revector.ingestion.ingestPaths({ paths: [many] })
    expect(report.failed).toEqual([])
    expect(await ended.times()).toBe(20)
    expect(report).toMatchObject({ documents: files, chunks: files, unchanged: 0 })
    expect(await ended.query(stored(await table('words')))).toEqual([complete])
  })

  it('goes on in a process, whose audit entry says how it ended', async () => {
    const { databaseUrl, table, dir, many } = await corpus(engine)
    const ended = await endBackends(
      databaseUrl,
      'ingesting',
      [...moments(await table('words')), { table: 'revector_audit_log', at: 'statement', times: 3 }],
      { atIndexBuilds: 1 },
    )
    const { code, stderr, json } = await runCli(['ingest', many, '--json'], {
      cwd: dir,
      env: { DATABASE_URL: databaseUrl },
    })
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.not.stringContaining('error') })
    expect(json()).toMatchObject({ documents: files, chunks: files, unchanged: 0, failed: [] })
    expect(await ended.times()).toBe(20)
    expect(await ended.query(stored(await table('words')))).toEqual([complete])
    const audit = 'select action, status from revector_audit_log'
    expect(await ended.query(audit)).toEqual([{ action: 'addDocuments', status: 200 }])
  })

  it('so do deletions, models fill and a migration', async () => {
    const { databaseUrl, revector, table, dir, many } = await corpus(engine)
    await revector.ingestion.ingestPaths({ paths: [many] })
    await revector.models.add({ ...words, modelName: 'more words', dimension: 32 })
    await revector.models.add({ modelName: 'lexical-hash-256', dimension: 256, provider: 'lexical-hash' })
    const cli = async (...args: readonly string[]) => {
      const { code, stderr, stdout } = await runCli(args, { cwd: dir, env: { DATABASE_URL: databaseUrl } })
      const error = code === 0 ? '' : `${stderr}${stdout}`
      expect({ code, error }).toEqual({ code: 0, error: '' })
    }
    const deleting = await endBackends(databaseUrl, 'deleting', [
      { table: 'documents', at: 'commit', times: 4 },
      { table: 'documents', at: 'statement', times: 4 },
      { table: 'chunks', at: 'statement', times: 2 },
    ])
    const { documents } = await revector.documents.list({ limit: 10 })
    for (const [i, { id }] of documents.entries()) {
      if (i < 5) await cli('documents', 'remove', id, '--yes')
      else await revector.documents.remove(id)
    }
    const left = files - documents.length
    expect(await deleting.times()).toBe(10)
    expect(await deleting.query(stored(await table('words')))).toMatchObject([
      { documents: left, chunks: left, vectors: left },
    ])

    const filling = await endBackends(
      databaseUrl,
      'filling',
      [
        { table: await table('more words'), at: 'statement', times: 4 },
        { table: await table('more words'), at: 'commit', times: 4 },
      ],
      { atIndexBuilds: 2 },
    )
    await cli('models', 'fill', 'more words', '--yes')
    expect(await filling.times()).toBe(10)
    expect(await filling.query(vectors(await table('more words')))).toEqual([{ vectors: left, invalid: 0 }])

    const migrating = await endBackends(
      databaseUrl,
      'migrating',
      [
        { table: 'model_migrations', at: 'statement', times: 4 },
        { table: 'model_migrations', at: 'commit', times: 2 },
        { table: 'migration_batches', at: 'statement', times: 4 },
        { table: 'migration_batches', at: 'commit', times: 4 },
        { table: await table('lexical-hash-256'), at: 'statement', times: 4 },
      ],
      { atIndexBuilds: 2 },
    )
    await cli('migrate', 'run', '--from', 'words', '--to', 'lexical-hash-256', '--yes')
    expect(await migrating.times()).toBe(20)
    const models = await revector.models.list()
    const target = models.find(({ modelName }) => modelName === 'lexical-hash-256')
    expect(target).toMatchObject({ state: 'current', coverage: 1, index: { valid: true } })
    expect(await migrating.query(vectors(await table('lexical-hash-256')))).toEqual([
      { vectors: left, invalid: 0 },
    ])
  })
})
