import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { errorCatalogue } from '../../src/core/errors.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import { snapshotFile } from '../../src/postgres/embedded/snapshot.ts'
import { WireStream } from '../../src/postgres/embedded/wire-stream.ts'
import { openWorkerHost } from '../../src/postgres/embedded/worker-host.ts'
import { sql } from '../../src/postgres/sql.ts'
import { vacuumEmbedded } from '../../src/postgres/vacuum.ts'
import { embedded, temporaryFolder } from '../support/engines.ts'

const opener = fileURLToPath(new URL('../support/open-folder.mjs', import.meta.url))

interface Opener {
  readonly child: ChildProcess
  /** `opened PID` or `CODE message`. */
  readonly said: Promise<string>
}

function openElsewhere(dataDir: string, ...statements: string[]): Opener {
  const child = spawn(process.execPath, [opener, dataDir, ...statements], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said = once(createInterface({ input: child.stdout }), 'line').then(([line]) => String(line))
  return { child, said }
}

/** The id of a process that is no more. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid
}

async function lock(dataDir: string, holder: object | string): Promise<void> {
  await mkdir(dataDir, { recursive: true })
  await writeFile(
    join(dataDir, 'database.lock'),
    typeof holder === 'string' ? holder : JSON.stringify(holder),
  )
}

async function openAndClose(dataDir: string): Promise<void> {
  const db = await connectDatabase({ dataDir })
  await db.close()
}

describe('the lock of a data folder', () => {
  it('refuses a second opening in one process, and gives way after closing', async () => {
    const dataDir = await temporaryFolder()
    const db = await connectDatabase({ dataDir })
    await db.query(sql`create table kept as select 1 as n`)
    const second = connectDatabase({ dataDir })
    await expect(second).rejects.toMatchObject({ code: 'FOLDER_IN_USE', data: { pid: process.pid } })
    await db.close()
    const again = await connectDatabase({ dataDir })
    expect((await again.query(sql`select n from kept`)).rows).toEqual([{ n: 1 }])
    await again.close()
    expect(await readdir(dataDir)).toEqual(['database'])
  })

  it.each(['fresh', 'left by a dead process'])('lets exactly one of ten processes in: %s', async (kind) => {
    const dataDir = join(await temporaryFolder(), 'data')
    if (kind !== 'fresh') await lock(dataDir, { pid: deadPid(), started: '', host: hostname(), token: 'x' })
    const all = Array.from({ length: 10 }, () => openElsewhere(dataDir))
    const said = await Promise.all(all.map((each) => each.said))
    const winners = said.filter((line) => line.startsWith('opened'))
    expect(winners).toHaveLength(1)
    const pid = winners[0]?.split(' ')[1]
    const losers = said.filter((line) => !line.startsWith('opened'))
    for (const line of losers)
      expect(line).toContain(`FOLDER_IN_USE The data folder ${dataDir} is in use by process ${pid}`)
    for (const { child } of all) child.stdin?.end()
    await Promise.all(all.map(({ child }) => child.exitCode ?? once(child, 'exit')))
    expect(await readdir(dataDir)).toEqual(['database'])
    expect(errorCatalogue.FOLDER_IN_USE.exit).toBe(3)
  })

  it('is adopted from a process that is dead, though another has its number now', async () => {
    const dataDir = await temporaryFolder()
    await lock(dataDir, { pid: process.pid, started: 'another boot/1', host: hostname(), token: 'x' })
    await openAndClose(dataDir)
  })

  it('is never taken from what may be alive: another machine, an unreadable file', async () => {
    const dataDir = await temporaryFolder()
    await lock(dataDir, { pid: deadPid(), started: '', host: 'elsewhere', token: 'x' })
    await expect(openAndClose(dataDir)).rejects.toMatchObject({
      code: 'FOLDER_IN_USE',
      hint: expect.stringContaining('database.lock'),
    })
    await lock(dataDir, 'not ours')
    await expect(openAndClose(dataDir)).rejects.toMatchObject({ code: 'FOLDER_IN_USE' })
  })
})

describe('a data folder', () => {
  it('keeps what was committed, and only that, when its process is killed', async () => {
    const dataDir = await temporaryFolder()
    const { child, said } = openElsewhere(
      dataDir,
      'create table t as select n from generate_series(1, 5000) n',
      'begin',
      'insert into t values (0)',
    )
    expect(await said).toMatch(/^opened/)
    child.kill('SIGKILL')
    await once(child, 'exit')
    const db = await connectDatabase({ dataDir })
    expect((await db.query(sql`select count(*)::int as n, min(n) as low from t`)).rows).toEqual([
      { n: 5000, low: 1 },
    ])
    await db.close()
  })

  it('is made whole or not at all', async () => {
    expect(snapshotFile()).not.toBeNull()
    const dataDir = await temporaryFolder()
    // As left by a process that was killed while it unpacked.
    await mkdir(join(dataDir, 'database.new'), { recursive: true })
    await writeFile(join(dataDir, 'database.new', 'PG_VERSION'), '18\n')
    await openAndClose(dataDir)
    // As left by a restore that was killed between its two renames.
    await rename(join(dataDir, 'database'), join(dataDir, 'database.old'))
    await openAndClose(dataDir)
    expect(await readdir(dataDir)).toEqual(['database'])
  })

  it('is refused with a sentence when it is of another version, holds other files or is a file', async () => {
    const folder = await temporaryFolder()
    const unusable = (dataDir: string, why: string) =>
      expect(openAndClose(dataDir)).rejects.toMatchObject({
        code: 'FOLDER_UNUSABLE',
        message: expect.stringContaining(why),
        hint: expect.stringMatching(/\.$/),
      })
    await mkdir(join(folder, 'old', 'database'), { recursive: true })
    await writeFile(join(folder, 'old', 'database', 'PG_VERSION'), '17\n')
    await unusable(join(folder, 'old'), 'was created by PostgreSQL 17')
    await mkdir(join(folder, 'other', 'database'), { recursive: true })
    await writeFile(join(folder, 'other', 'database', 'letter.txt'), 'Dear')
    await unusable(join(folder, 'other'), 'no database')
    await writeFile(join(folder, 'file'), '')
    await unusable(join(folder, 'file'), 'cannot be opened')
    await unusable(join(folder, 'file', 'below'), 'cannot be opened')
    expect(await readFile(join(folder, 'other', 'database', 'letter.txt'), 'utf8')).toBe('Dear')
  })

  it('does not let its log grow', async () => {
    const db = await embedded.connect()
    const checkpoint = async (): Promise<unknown> =>
      (await db.query(sql`select checkpoint_lsn from pg_control_checkpoint()`)).rows
    const before = await checkpoint()
    await db.query(sql`create table t as select 1 as n, repeat('x', 300) as t where false`)
    for (let i = 0; i < 4; i++) {
      await db.query(sql`insert into t select n, repeat('x', 1000) from generate_series(1, 40000) n`)
    }
    // It is looked at once a second.
    await expect.poll(checkpoint, { timeout: 20_000 }).not.toEqual(before)
  })

  it('is vacuumed where much was deleted', async () => {
    const db = await embedded.connect()
    await db.query(sql`create table t as select n from generate_series(1, 5000) n`)
    await db.query(sql`delete from t where n > 100`)
    await expect.poll(() => vacuumEmbedded(db), { timeout: 20_000 }).toEqual(['public.t'])
    expect(await vacuumEmbedded(db)).toEqual([])
  })
})

describe('the thread of the engine', () => {
  it('ends with an error for everyone when the engine traps, and never hangs', async () => {
    const dataDir = await temporaryFolder()
    const events: string[] = []
    const db = await connectDatabase({ dataDir, onEvent: (event) => events.push(event.type) })
    await db.query(sql`create table kept as select 1 as n`)
    const stopped = { code: 'DATABASE_FAILED', message: expect.stringContaining('embedded engine stopped') }
    const others = Array.from({ length: 3 }, () => db.query(sql`select ${'['.repeat(200_000)}::jsonb`))
    for (const each of await Promise.allSettled(others)) expect(each).toMatchObject({ reason: stopped })
    await expect(db.query(sql`select 1`)).rejects.toMatchObject(stopped)
    await expect(db.transaction((tx) => tx.query(sql`select 1`))).rejects.toMatchObject(stopped)
    expect(events).toContain('database.connection-lost')
    await db.close()
    const again = await connectDatabase({ dataDir })
    expect((await again.query(sql`select n from kept`)).rows).toEqual([{ n: 1 }])
    await again.close()
  })

  it('rolls back what a vanished client left, and answers a slow reader whole', async () => {
    const host = await openWorkerHost({ folder: null, snapshot: snapshotFile() })
    onTestFinished(() => host.close())
    const connect = async (): Promise<{ client: pg.Client; stream: WireStream }> => {
      const stream = new WireStream(host)
      const client = new pg.Client({ stream: () => stream, user: 'postgres', ssl: false })
      client.on('error', () => {})
      await client.connect()
      return { client, stream }
    }
    const first = await connect()
    await first.client.query('create table t (n int)')
    await first.client.query('begin')
    await first.client.query('insert into t values (1)')
    first.stream.destroy()
    const second = await connect()
    expect((await second.client.query('select n from t')).rows).toEqual([])
    second.stream.pause()
    const wide = second.client.query("select repeat('x', 1000) from generate_series(1, 20000)")
    const next = second.client.query('select 2 as n')
    expect(second.stream.readableLength).toBe(0)
    second.stream.resume()
    expect((await wide).rows).toHaveLength(20_000)
    expect((await next).rows).toEqual([{ n: 2 }])
    await second.client.end()
  })
})
