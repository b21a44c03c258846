import type { Queryable } from '../postgres/database.ts'
import { adoptableTables } from '../schema/attach/discover.ts'
import { adoptionGrants } from '../schema/attach/rights.ts'
import type { DoctorReport } from '../wire/doctor.ts'
import { warn } from './check.ts'

/**
 * Where nothing is set up beside an application's tables: what a role needs to adopt them. Null where there are none.
 *
 * @throws RevectorError NOT_FOUND for an unknown role
 */
export async function examineBeforeAdoption(db: Queryable, name: string): Promise<DoctorReport | null> {
  const tables = await adoptableTables(db)
  if (tables.length === 0) return null
  const { role, grants } = await adoptionGrants(db, name, tables)
  const names = tables.map((table) => `${table.schema}.${table.name}`)
  const check = warn('adopted_table', null, {
    sentence: `Nothing is set up here. Tables with vectors, and those that they refer to: ${names.join(', ')}.`,
    hint: 'See `revector db discover`, then `revector db adopt`.',
    data: { tables: names },
  })
  const allowed = grants.every(({ held }) => held)
  return {
    result: 'warn',
    checks: [check],
    role: { name: role, works: [{ work: 'adopt', allowed, grants: [...grants] }] },
  }
}
