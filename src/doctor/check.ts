import type { Check, CheckName } from '../wire/doctor.ts'

export interface DoctorOptions {
  /** Ask the providers for the vectors of a few fixed texts, some hundred tokens a model. Default: true. */
  readonly probe?: boolean
  /** Also say which grants this role needs, by the work that it is for. */
  readonly role?: string
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
