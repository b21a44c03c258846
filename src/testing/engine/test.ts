import type { Database } from '../../postgres/database.ts'

export type Test = (name: string, body: (db: Database) => Promise<void>) => void
