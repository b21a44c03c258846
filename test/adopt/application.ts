import { onTestFinished } from 'vitest'
import { createRevector, type Revector } from '../../src/library/revector.ts'
import { connectDatabase } from '../../src/postgres/connect.ts'
import type { Database } from '../../src/postgres/database.ts'
import type { Place } from '../support/engines.ts'

/** What the application does, while no Revector has the database open. */
export async function asApplication<T>(place: Place, work: (db: Database) => Promise<T>): Promise<T> {
  const db = await connectDatabase(place)
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}

/** A Revector in a schema of its own, until the test has ended. */
export async function open(place: Place): Promise<Revector> {
  const revector = await createRevector({ ...place, schema: 'beside', logLevel: 'silent', poolSize: 3 })
  onTestFinished(() => revector.db.close())
  return revector
}
