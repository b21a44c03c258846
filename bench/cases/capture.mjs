// What the triggers that follow other writers add to an application's own INSERT of 100,000 chunks, and to the same INSERT
// by Revector, which they let pass. One written model; with and without triggers in turn, the median of rounds.
import pg from 'pg'
import { createRevector } from '../../dist/index.js'
import { median, timed } from '../measure.mjs'
import { withDatabase } from '../server.mjs'

const rows = 100_000
const rounds = 5

const insert = `
  insert into chunks (document_id, position, content, content_hash, start_offset, end_offset, token_count)
  select document_id, position, content, content_hash, 0, 600, 150 from prepared`

export async function capture({ serverUrl, log }) {
  return withDatabase(serverUrl, async (databaseUrl) => {
    const revector = await createRevector({ databaseUrl })
    await revector.db.initialize()
    await revector.models.add({
      modelName: 'one',
      dimension: 64,
      provider: 'lexical-hash',
      remoteName: 'lexical-hash-64',
    })
    await revector.models.use('one', { force: true })
    await revector.db.close()
    const client = new pg.Client({ connectionString: databaseUrl })
    await client.connect()
    try {
      await client.query(`
        insert into documents (title, content, content_hash) select 'Title ' || i, '', '' from generate_series(1, 100) i;
        create table prepared as
          select i % 100 + 1 as document_id, i as position, content,
            encode(sha256(convert_to(content, 'UTF8')), 'hex') as content_hash
          from generate_series(1, ${rows}) i
          cross join lateral (select string_agg(md5(i || ' ' || n), ' ') as content from generate_series(1, 18) n) made;
        analyze prepared`)
      const times = { without: [], others: [], own: [] }
      for (let round = 0; round <= rounds; round++) {
        for (const [kind, sofar] of Object.entries(times)) {
          await client.query('truncate chunks cascade; truncate pending_chunks')
          await client.query(`alter table chunks ${kind === 'without' ? 'disable' : 'enable'} trigger user`)
          await client.query('begin')
          if (kind === 'own') await client.query(`set local revector.writer = 'on'`)
          const { ms } = await timed(() => client.query(insert))
          await client.query('commit')
          const { rows: pending } = await client.query('select count(*)::int as n from pending_chunks')
          if (pending[0].n !== (kind === 'others' ? rows : 0)) throw new Error(`${pending[0].n} are pending`)
          // The first round warms up.
          if (round > 0) sofar.push((ms * 1000) / rows)
        }
        log(
          `capture: round ${round}: ${Object.entries(times).map(([kind, all]) => `${kind} ${all.at(-1)?.toFixed(1) ?? '-'} µs`)}`,
        )
      }
      const [without, others, own] = Object.values(times).map(median)
      const detail = `${without.toFixed(1)} µs without; ${rows.toLocaleString('en')} rows, median of ${rounds}`
      return [
        {
          id: 'capture/others',
          title: 'INSERT by SQL: the triggers, a row',
          value: others - without,
          unit: ' µs',
          better: 'lower',
          target: 15,
          detail,
        },
        {
          id: 'capture/own',
          title: 'INSERT by Revector: the triggers, a row',
          value: own - without,
          unit: ' µs',
          better: 'lower',
          target: 3,
          detail,
        },
      ]
    } finally {
      await client.end()
    }
  })
}
