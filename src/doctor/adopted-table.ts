import type { StoreDeps } from '../store/deps.ts'
import { findDoubles } from '../store/doubles.ts'
import { captureTriggers, mirrorTriggers } from '../store/health.ts'
import type { Check } from '../wire/doctor.ts'
import { fail, ok, warn } from './check.ts'

/** Whether an application's table is followed, and by whose word its vectors are those of the first model. */
export async function checkAdoptedTable({ db, layout }: StoreDeps): Promise<readonly Check[]> {
  const { place } = layout
  if (place === undefined) return []
  const name = `${place.table.schema}.${place.table.name}`
  const triggers = await captureTriggers(db, place.table)
  const data = { table: name, verified: place.verified ?? false, triggers }
  if (triggers.enabled < triggers.expected) {
    return [
      fail('adopted_table', null, {
        sentence: `What is written to ${name} is not followed: ${triggers.expected - triggers.enabled} of ${triggers.expected} triggers are gone or disabled.`,
        hint: `Enable them (alter table ${name} enable trigger all), then run \`revector migrate verify\` or \`revector models fill NAME\` for what was missed. Where they are gone, release the table and adopt it again.`,
        data,
      }),
    ]
  }
  if (layout.exposed !== undefined) {
    const next = layout.exposed.place.table
    const mirror = await mirrorTriggers(db, [place.table, next])
    if (mirror.enabled < mirror.expected) {
      return [
        fail('adopted_table', null, {
          sentence: `${name} and ${next.schema}.${next.name} are not kept in step: ${mirror.expected - mirror.enabled} of ${mirror.expected} triggers are gone or disabled.`,
          hint: `Enable them on both (alter table ${name} enable trigger all), and compare the two: what was written meanwhile is in one of them.`,
          data: { ...data, mirror },
        }),
      ]
    }
  }
  const unindexed = place.unproved === true || place.vectors.unproved === true
  const doubles = unindexed ? await findDoubles(db, layout) : []
  if (doubles.length > 0) {
    return [
      warn('adopted_table', null, {
        sentence: `No unique index keeps the keys of ${name} apart, and some name several rows: ${doubles.join(', ')}.`,
        hint: 'Searches show the nearest of them. Remove what is double, and create a unique index.',
        data: { ...data, doubles },
      }),
    ]
  }
  if (place.verified !== true) {
    return [
      warn('adopted_table', null, {
        sentence: `${name} is followed, but it was adopted without proof of the model that made its vectors.`,
        hint: 'Compare some searches with those of the application.',
        data,
      }),
    ]
  }
  return [ok('adopted_table', null, { sentence: `${name} is followed, and its model was proved.`, data })]
}
