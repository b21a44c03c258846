import type { Migration } from '../../core/migration.ts'
import type { Model } from '../../core/model.ts'
import type { OnProgress } from '../../core/progress.ts'
import type { Database } from '../../postgres/database.ts'
import { vacuumEmbedded } from '../../postgres/vacuum.ts'
import { buildHnswIndex } from '../../schema/hnsw-build.ts'
import { tryLock } from '../../store/held-lock.ts'
import { requireMigration } from '../../store/migrations.ts'
import { advance } from '../advance.ts'

/**
 * The HNSW index of a target that has been filled, built by one worker; then the migration goes on to be verified.
 *
 * @returns false while another worker builds it
 * @throws RevectorError of the database, INTERRUPTED
 */
export async function buildTargetHnswIndex(
  db: Database,
  migration: Migration,
  target: Model,
  options: {
    readonly actor: string
    readonly signal: AbortSignal
    readonly onProgress: OnProgress | undefined
    /** Processes of the server that may help: searches of the source go on meanwhile, and want processors too. */
    readonly helpers: number
  },
): Promise<boolean> {
  const lock = await tryLock(db, `HNSW index ${target.id}`)
  if (lock === null) return false
  try {
    // The one that built it before may just have finished.
    if ((await requireMigration(db, migration.id)).state !== 'indexing') return true
    const { signal, onProgress, actor, helpers } = options
    const begun = performance.now()
    let rows = 0
    await buildHnswIndex(db, target, {
      modelName: target.modelName,
      helpers,
      signal,
      onProgress: (event) => {
        if (event.type === 'index.built') rows = event.rows
        onProgress?.(event)
      },
    })
    await vacuumEmbedded(db)
    const seconds = (performance.now() - begun) / 1_000
    await db.transaction((tx) =>
      advance(tx, migration.id, { event: 'indexed', data: { rows, seconds }, actor }),
    )
    return true
  } finally {
    await lock.release()
  }
}
