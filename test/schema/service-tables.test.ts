import { afterEach, beforeAll, expect, it } from 'vitest'
import type { Database } from '../../src/postgres/database.ts'
import { schemaStatus } from '../../src/schema/status.ts'
import { rollbackRevisions, runRevisions } from '../../src/schema/upgrade.ts'
import { allModels } from '../../src/store/models.ts'
import { describeEngines } from '../support/engines.ts'
import { empty, plainLegacy, script, snapshot } from './legacy.ts'

describeEngines('the tables of the service', (engine) => {
  let db: Database
  beforeAll(async () => {
    db = await engine.connect()
  })
  afterEach(() => empty(db))

  it('come to a database of before, and a rollback to 3 takes them away again, whatever is in them', async () => {
    await runRevisions(db, { to: 3 })
    const before = await snapshot(db)
    expect(await runRevisions(db)).toMatchObject({ from: 3, to: 6, adopted: null })
    await script(
      db,
      `insert into revector_api_keys (id, name, scope, hash)
         values ('a', 'one', 'read', decode(repeat('00', 32), 'hex'));
       insert into revector_audit_log (actor, action) values ('me', 'keys.create')`,
    )
    expect(await rollbackRevisions(db, { to: 3 })).toMatchObject({ from: 6, to: 3, lockedMs: 0 })
    expect(await schemaStatus(db)).toMatchObject({ revision: 3, latestRevision: 6, unfinished: null })
    const after = await snapshot(db)
    for (const part of ['relations', 'columns', 'constraints', 'indexes', 'sequences']) {
      expect(after[part], part).toEqual(before[part])
    }
  })

  it("leave an application's own tables of the plain names alone, and refuse to take a name", async () => {
    await script(
      db,
      `${plainLegacy(2, 2)}; create table api_keys (id int); create table audit_log (id int); insert into api_keys values (1)`,
    )
    expect(await runRevisions(db, { model: { modelName: 'm' } })).toMatchObject({ to: 6 })
    expect((await db.query({ text: 'select from api_keys', values: [] })).rowCount).toBe(1)
    await rollbackRevisions(db, { to: 3 })
    await script(db, 'create table revector_audit_log (id int)')
    await expect(runRevisions(db)).rejects.toMatchObject({
      code: 'UPGRADE_REFUSED',
      data: { table: 'revector_audit_log' },
    })
    expect(await schemaStatus(db)).toMatchObject({ revision: 3, unfinished: null })
  })

  it('are followed by the effort of searches, without which models can be read too', async () => {
    await runRevisions(db, { to: 4 })
    await script(
      db,
      `insert into embedding_models (model_name, dimension, provider, remote_name)
         values ('m', 2, 'lexical-hash', 'm')`,
    )
    const before = await snapshot(db)
    expect(await allModels(db)).toMatchObject([{ modelName: 'm', effort: null }])
    expect(await runRevisions(db)).toMatchObject({ from: 4, to: 6, adopted: null })
    expect(await allModels(db)).toMatchObject([{ modelName: 'm', effort: null }])
    expect(await rollbackRevisions(db, { to: 4 })).toMatchObject({ from: 6, to: 4 })
    expect((await snapshot(db))['columns']).toEqual(before['columns'])
  })

  it('hold one key in force of a name, and hashes of the right length', async () => {
    await runRevisions(db)
    const add = (id: string, bytes: number): Promise<void> =>
      script(
        db,
        `insert into revector_api_keys (id, name, scope, hash) values ('${id}', 'n', 'read', decode(repeat('00', ${bytes}), 'hex'))`,
      )
    await add('a', 32)
    await expect(add('b', 32)).rejects.toMatchObject({ data: { sqlstate: '23505' } })
    await script(db, 'update revector_api_keys set revoked_at = now()')
    await add('b', 32)
    await expect(add('c', 31)).rejects.toMatchObject({ data: { sqlstate: '23514' } })
  })
})
