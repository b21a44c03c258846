export const checkNames = [
  'pgvector',
  'current_model',
  'tables',
  'index',
  'index_use',
  'statistics',
  'orphans',
  'missing_vectors',
  'quarantine',
  'migrations',
  'retirement',
  'drift',
] as const
export type CheckName = (typeof checkNames)[number]

/** One thing that was looked at. */
export interface Check {
  readonly check: CheckName
  /** The model it is about; null for what belongs to none. */
  readonly model: string | null
  /** `warn`: something wants attention. `fail`: searches are wrong, incomplete or slow because of it. */
  readonly result: 'ok' | 'warn' | 'fail'
  readonly sentence: string
  /** What to do next; empty when nothing is. */
  readonly hint: string
  readonly data: Readonly<Record<string, unknown>>
}

export interface DoctorReport {
  /** The worst of the checks. */
  readonly result: 'ok' | 'warn' | 'fail'
  readonly checks: readonly Check[]
}

export interface DoctorOptions {
  /** Ask the providers for the vectors of a few fixed texts, some hundred tokens a model. Default: true. */
  readonly probe?: boolean
  readonly signal?: AbortSignal
}

type Finding = Omit<Check, 'check' | 'model' | 'result' | 'hint' | 'data'> & Partial<Pick<Check, 'data'>>

export function ok(check: CheckName, model: string | null, found: Finding): Check {
  return { check, model, result: 'ok', hint: '', data: {}, ...found }
}

type Trouble = Finding & { readonly hint: string }

export function warn(check: CheckName, model: string | null, found: Trouble): Check {
  return { check, model, result: 'warn', data: {}, ...found }
}

export function fail(check: CheckName, model: string | null, found: Trouble): Check {
  return { check, model, result: 'fail', data: {}, ...found }
}
