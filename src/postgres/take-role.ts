import { isRevectorError, RevectorError } from '../core/errors.ts'
import type { Queryable, RoleOfTransaction } from './database.ts'
import { sql } from './sql.ts'

/**
 * The first statement of a transaction. The role comes last: it need not be allowed to make the settings.
 *
 * @throws RevectorError ROLE_UNAVAILABLE where the user of the connection may not become the role
 */
export async function takeRole(tx: Queryable, { role, settings }: RoleOfTransaction): Promise<void> {
  const all = [...Object.entries(settings), ['role', role] as const]
  try {
    await tx.query(sql`
      select set_config(name, value, true)
      from unnest(${all.map(([name]) => name)}::text[], ${all.map(([, value]) => value)}::text[])
        with ordinality as s (name, value, place)
      order by place`)
  } catch (error) {
    const state = isRevectorError(error) ? error.data['sqlstate'] : undefined
    // 22023: there is no such role; 42501: the user is not a member of it.
    if (state !== '22023' && state !== '42501') throw error
    throw new RevectorError(
      'ROLE_UNAVAILABLE',
      state === '22023'
        ? `The server has no role "${role}".`
        : `The user of this connection may not become the role "${role}".`,
      {
        hint: 'Have a superuser run: create role … nologin; grant ROLE to the user of the connection. `revector doctor --role ROLE` says what the role needs.',
        data: { role },
        cause: error,
      },
    )
  }
}
