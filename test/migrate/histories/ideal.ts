import type { ModelState } from '../../../src/core/model.ts'

/** What a database should say after a history: kept in memory, by rules that fit on a page. */
export interface Ideal {
  /** Lines by source. */
  readonly documents: Map<string, readonly string[]>
  /** Lines of the last ingest, by source: the same again is unchanged, and leaves what was written past Revector since. */
  readonly ingested: Map<string, string>
  readonly models: Map<string, ModelState>
  /** Oldest first. At most one is open at a time: histories start no second one. */
  readonly migrations: IdealMigration[]
}

export interface IdealMigration {
  readonly id: number
  readonly source: string
  readonly target: string
  /** `going` is any state from filling to ready: how far workers came is read from the database. */
  state: 'going' | 'paused' | 'cut_over' | 'rolled_back' | 'retired' | 'cancelled'
  readonly targetWasEmpty: boolean
  /** What cancelling gives the target back. */
  readonly targetState: ModelState
}

export function openOf(ideal: Ideal): IdealMigration | undefined {
  return ideal.migrations.find(({ state }) => state === 'going' || state === 'paused')
}

export function noteIngest(ideal: Ideal, source: string, lines: readonly string[]): void {
  const content = lines.join('\n')
  if (ideal.ingested.get(source) === content) return
  ideal.ingested.set(source, content)
  ideal.documents.set(source, lines)
}

export function noteRemoval(ideal: Ideal, source: string): void {
  ideal.ingested.delete(source)
  ideal.documents.delete(source)
}

export function newestOf(ideal: Ideal, ...states: IdealMigration['state'][]): IdealMigration | undefined {
  return ideal.migrations.findLast(({ state }) => states.includes(state))
}

export function currentOf(ideal: Ideal): string {
  const [current] = [...ideal.models].find(([, state]) => state === 'current') ?? []
  if (current === undefined) throw new Error('No model is current')
  return current
}

/** The hot switch: who was current goes on being written. */
export function makeCurrent(ideal: Ideal, name: string): void {
  const before = currentOf(ideal)
  if (before === name) return
  ideal.models.set(before, 'standby')
  ideal.models.set(name, 'current')
}
