import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { expect, it, onTestFinished, vi } from 'vitest'
import { createRevector, type Revector } from '../../src/library/revector.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { raw } from '../../src/postgres/sql.ts'
import { afterUse, describeServer } from '../support/engines.ts'
import { digest, makeShape, modelName, type Shape, shapes, texts, write } from './shapes.ts'

vi.setConfig({ testTimeout: 300_000 })

/** With a side table and a copy of its vectors: an adoption of several steps. */
const cards = shapes.find(({ table }) => table === 'cards')
const [first] = shapes
if (cards === undefined || first === undefined) throw new Error('There is no shape')

function child(databaseUrl: string, shape: Shape, dieAt: number): Promise<{ killed: boolean; said: string }> {
  const file = fileURLToPath(new URL('adopt-child.mjs', import.meta.url))
  const request = { databaseUrl, table: shape.table, options: { model: modelName }, dieAt }
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [file, JSON.stringify(request)])
    let said = ''
    for (const stream of [started.stdout, started.stderr]) stream.on('data', (text) => (said += String(text)))
    started.on('error', reject)
    started.on('close', (_, signal) => resolve({ killed: signal === 'SIGKILL', said }))
  })
}

describeServer('adopting a table', (engine) => {
  async function made(
    shape: Shape,
  ): Promise<{ databaseUrl: string; application: pg.Client; before: string }> {
    const place = await engine.place()
    if (!('databaseUrl' in place)) throw new Error('not a server')
    const db = await connectDatabase(place)
    await makeShape(db, shape)
    const before = await digest(db, shape.texts)
    await db.close()
    const application = new pg.Client({
      connectionString: place.databaseUrl,
      application_name: 'application',
    })
    await application.connect()
    afterUse(() => application.end())
    return { databaseUrl: place.databaseUrl, application, before }
  }

  async function open(databaseUrl: string, poolSize = 3): Promise<Revector> {
    const revector = await createRevector({ databaseUrl, schema: 'beside', logLevel: 'silent', poolSize })
    onTestFinished(() => revector.db.close())
    return revector
  }

  async function isWhole(databaseUrl: string, shape: Shape): Promise<void> {
    const revector = await open(databaseUrl)
    expect((await revector.models.list())[0]).toMatchObject({ embeddings: texts.length, coverage: 1 })
    const { hits } = await revector.retriever.search({ query: 'ships harbour', topK: 5 })
    expect(hits.map(({ content }) => content).sort()).toEqual([...texts].sort())
    const { checks } = await revector.doctor({ probe: false })
    expect(checks.find(({ check }) => check === 'adopted_table')).toMatchObject({ result: 'ok' })
    await revector.db.release()
    const db = await connectDatabase({ databaseUrl })
    const { rows } = await db.query(raw(`select from pg_trigger where not tgisinternal`))
    expect(rows).toEqual([])
    expect(await digest(db, shape.texts)).not.toBe('')
    await db.close()
  }

  it('is killed at any statement and goes on; the application writes meanwhile', async () => {
    const { databaseUrl, application, before } = await made(cards)
    let deaths = 0
    for (let dieAt = 3; ; dieAt += 11) {
      const ended = await child(databaseUrl, cards, dieAt)
      await application.query(`insert into cards values ('z', 1, 'A passing note.')`)
      await application.query(`delete from cards where box = 'z'`)
      if (!ended.killed) {
        expect(JSON.parse(ended.said)).toMatchObject({ mode: 'copy', rows: texts.length, verified: true })
        break
      }
      deaths += 1
    }
    expect(deaths).toBeGreaterThan(5)
    const db = await connectDatabase({ databaseUrl })
    expect(await digest(db, 'cards')).toBe(before)
    await db.close()
    await isWhole(databaseUrl, cards)
  })

  it('survives an administrator who ends its connections', async () => {
    const { databaseUrl, application } = await made(cards)
    await application.query('create sequence commands')
    await application.query(`
      create function end_some() returns event_trigger language plpgsql as $$ begin
        if nextval('public.commands') in (2, 9, 31, 70, 120, 180) then
          perform pg_terminate_backend(pg_backend_pid()), pg_sleep(60);
        end if; end $$`)
    await application.query('create event trigger end_some on ddl_command_end execute function end_some()')
    const revector = await open(databaseUrl)
    await revector.db.adopt(cards.table, { model: modelName })
    const { rows } = await application.query<{ last_value: string }>('select last_value from commands')
    expect(Number(rows[0]?.last_value)).toBeGreaterThan(31)
    await application.query('drop event trigger end_some')
    await isWhole(databaseUrl, cards)
  })

  it('is asked for twenty times at once, and is done once', async () => {
    const { databaseUrl } = await made(cards)
    const all = await Promise.all(Array.from({ length: 20 }, () => open(databaseUrl, 2)))
    const adopted = await Promise.all(all.map((one) => one.db.adopt(cards.table, { model: modelName })))
    for (const one of adopted) expect(one).toMatchObject({ rows: texts.length, verified: true })
    await isWhole(databaseUrl, cards)
  })

  it('lets a long reader read, and waits for a long writer without holding up others', async () => {
    const { databaseUrl, application } = await made(first)
    const [reader, writer] = [1, 2].map(() => new pg.Client({ connectionString: databaseUrl }))
    if (reader === undefined || writer === undefined) throw new Error('There are two')
    await Promise.all([reader.connect(), writer.connect()])
    afterUse(async () => void (await Promise.all([reader.end(), writer.end()])))
    await reader.query('begin')
    await reader.query(`select count(*) from ${first.texts}`)
    await writer.query('begin')
    await writer.query(`insert into ${first.texts} (content) values ('Not committed yet.')`)
    let waits: (() => void) | undefined
    const waiting = new Promise<void>((resolve) => {
      waits = resolve
    })
    const revector = await open(databaseUrl)
    const onProgress = ({ type }: { readonly type: string }): void => {
      if (type === 'warning') waits?.()
    }
    const adopting = revector.db.adopt(first.table, { model: modelName, onProgress })
    await waiting
    await application.query(`set statement_timeout = '5s'`)
    for (let i = 0; i < 5; i += 1) {
      await application.query(`insert into ${first.texts} (content) values ('Between two attempts.')`)
    }
    await application.query(`delete from ${first.texts} where content like 'Between%'`)
    await writer.query('rollback')
    const { lockedMs } = await adopting
    expect(lockedMs).toBeGreaterThan(0)
    await reader.query('commit')
    await isWhole(databaseUrl, first)
  })

  it('is given up after an interruption as if it had never been', async () => {
    const { databaseUrl, before } = await made(cards)
    const db = await connectDatabase({ databaseUrl })
    let dieAt = 200
    // The last statements are of copying: all before them is committed.
    for (; ; dieAt -= 7) {
      await child(databaseUrl, cards, dieAt)
      const { rows } = await db.query<{ unfinished: boolean }>(
        raw(`select layout #> '{place,unfinished}' is not null as unfinished from beside.revector_layout`),
      )
      if (rows[0]?.unfinished === true) break
      const revector = await open(databaseUrl)
      await revector.db.release()
    }
    const revector = await open(databaseUrl)
    await expect(revector.retriever.search({ query: 'ships' })).rejects.toMatchObject({
      code: 'SCHEMA_BEHIND',
    })
    await revector.db.release()
    const { rows } = await db.query(raw(`select from pg_namespace where nspname = 'beside'`))
    expect(rows).toEqual([])
    expect(await digest(db, 'cards')).toBe(before)
    await write(db, cards.insert, 9, 'Written as before.')
    await db.close()
  })
})
