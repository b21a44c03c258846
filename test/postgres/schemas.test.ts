import { expect, it, onTestFinished } from 'vitest'
import { createRevector, type Revector } from '../../src/library/revector.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw, sql } from '../../src/postgres/sql.ts'
import { afterUse, describeServer, serverEngine } from '../support/engines.ts'
import { space } from '../support/models.ts'
import { describePoolers, pooledPlace, startPooler } from '../support/pooler.ts'

async function open(databaseUrl: string, directDatabaseUrl?: string): Promise<Revector> {
  const revector = await createRevector({ databaseUrl, directDatabaseUrl, poolSize: 2, logLevel: 'silent' })
  onTestFinished(() => revector.db.close())
  return revector
}

/** A database of the server with schemas of a team's making; `path` is what each session finds. */
async function laidOut(url: string, path: string, statements: string): Promise<string> {
  const place = await serverEngine(url).place()
  if (!('databaseUrl' in place)) throw new Error('not a server')
  await asOwner(place.databaseUrl, statements)
  const database = new URL(place.databaseUrl).pathname.slice(1)
  await asOwner(place.databaseUrl, `alter database "${database}" set search_path = ${path}`)
  return place.databaseUrl
}

async function asOwner(databaseUrl: string, statements: string): Promise<void> {
  const db = await connectDatabase({ databaseUrl })
  await db.query(raw(statements))
  await db.close()
}

async function countIn(databaseUrl: string, schema: string): Promise<number> {
  const db = await connectDatabase({ databaseUrl })
  afterUse(() => db.close())
  const { rows } = await db.query<{ documents: number }>(
    sql`select count(*)::int as documents from ${raw(`"${schema}"`)}.documents`,
  )
  return rows[0]?.documents ?? -1
}

const apart = `
  create schema "own types";
  alter extension vector set schema "own types"`

/** Everything that names a type, function or operator of pgvector: both engines' statements, builds, verification. */
async function moveModels(revector: Revector): Promise<void> {
  await revector.db.initialize()
  await revector.models.add(space('narrow', 64))
  await revector.models.add(space('half', 3_072))
  await revector.models.add(space('bits', 4_096))
  await revector.models.use('narrow')
  for (const n of [1, 2, 3]) {
    await revector.ingestion.ingestDocument({ title: `Note ${n}`, content: `What changed in release ${n}.` })
  }
  for (const targetModel of ['half', 'bits']) {
    await revector.migrations.run({ targetModel })
    const { hits } = await revector.retriever.search({ query: 'release 2', topK: 3 })
    expect(hits.map(({ title }) => title)).toContain('Note 2')
    expect(hits).toHaveLength(3)
  }
}

describeServer('schemas', (_engine, url) => {
  it('types and operators are found in the schema of the extension, which is on no path', async () => {
    const databaseUrl = await laidOut(url, 'public', apart)
    await moveModels(await open(databaseUrl))
    const revector = await open(databaseUrl)
    expect((await revector.doctor()).checks.filter(({ result }) => result === 'fail')).toEqual([])
  })

  it('tables are those of the first schema of the path alone, even while another has an installation', async () => {
    const databaseUrl = await laidOut(url, 'public', 'create schema tenant_b')
    const theirs = await open(databaseUrl)
    await theirs.db.initialize()
    await theirs.models.add(space('theirs', 64))
    await theirs.models.use('theirs')
    await theirs.ingestion.ingestDocument({ title: 'Theirs', content: 'A text of another team.' })
    const database = new URL(databaseUrl).pathname.slice(1)
    await asOwner(databaseUrl, `alter database "${database}" set search_path = tenant_b, public`)

    const ours = await open(databaseUrl)
    expect((await ours.retriever.search({ query: 'text' })).hits).toEqual([])
    expect((await ours.models.list()).map(({ modelName }) => modelName)).not.toContain('theirs')
    await ours.models.add(space('ours', 64))
    await ours.models.use('ours')
    await ours.ingestion.ingestDocument({ title: 'Ours', content: 'A text of our own.' })
    expect((await ours.retriever.search({ query: 'text' })).hits.map(({ title }) => title)).toEqual(['Ours'])
    expect(await countIn(databaseUrl, 'public')).toBe(1)
    expect(await countIn(databaseUrl, 'tenant_b')).toBe(1)
    // The other installation stays out of reach when ours is taken away under a running process.
    await asOwner(databaseUrl, 'drop schema tenant_b cascade; create schema tenant_b')
    await expect(
      ours.ingestion.ingestDocument({ title: 'Late', content: 'A text that has no place.' }),
    ).rejects.toThrow()
    expect(await countIn(databaseUrl, 'public')).toBe(1)
  })

  it('a lock has the name of one schema, however that came onto the path', async () => {
    const databaseUrl = await laidOut(url, 'public', 'create schema tenant_b')
    const inUrl = await connectDatabase({ databaseUrl: `${databaseUrl}?search_path=tenant_b` })
    afterUse(() => inUrl.close())
    const first = await inUrl.holdLocks()
    const database = new URL(databaseUrl).pathname.slice(1)
    await asOwner(databaseUrl, `alter database "${database}" set search_path = tenant_b`)
    const byRole = await connectDatabase({ databaseUrl })
    afterUse(() => byRole.close())
    const second = await byRole.holdLocks()
    const key = sql`1, hashtext(current_schema())`
    expect(await first.tryLock(key)).toBe(true)
    expect(await second.tryLock(key)).toBe(false)
    await first.release()
    expect(await second.tryLock(key)).toBe(true)
    await second.release()
  })
})

describePoolers(
  'schemas',
  (mode, url) => {
    it('the same two, where no session keeps its settings', async () => {
      const pooled = await startPooler(url, mode)
      const place = await pooledPlace(serverEngine(url), pooled)
      const database = new URL(place.databaseUrl).pathname.slice(1)
      const theirs = await open(place.databaseUrl, place.directDatabaseUrl)
      await theirs.db.initialize()
      await theirs.db.close()
      await asOwner(
        place.directDatabaseUrl,
        `${apart}; create schema tenant_b;
        alter database "${database}" set search_path = tenant_b, public`,
      )
      // The pooler's backends still have the path of before.
      const fresh = await startPooler(url, mode)
      const ours = await open(fresh(place.directDatabaseUrl), place.directDatabaseUrl)
      expect((await ours.retriever.search({ query: 'text' })).hits).toEqual([])
      await moveModels(ours)
      expect(await countIn(place.directDatabaseUrl, 'public')).toBe(0)
      expect(await countIn(place.directDatabaseUrl, 'tenant_b')).toBe(3)
    })
  },
  [{ pool: 'transaction', prepared: true }],
)
