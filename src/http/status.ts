import { type ErrorCode, errorCatalogue } from '../core/errors.ts'

/** The status of every code; 499 is for logs only: the client disconnected. */
export function statusOf(code: ErrorCode): number {
  return errorCatalogue[code].status
}

/** Seconds after which to retry, if the error itself does not say. */
export const retryAfterSeconds: Readonly<Partial<Record<ErrorCode, number>>> = {
  TOO_MANY_REQUESTS: 1,
  OVERLOADED: 1,
  STOPPING: 5,
  RATE_LIMITED: 10,
  PROVIDER_UNAVAILABLE: 10,
  DATABASE_BUSY: 1,
  DATABASE_UNREACHABLE: 5,
}
/** For other 503 errors: an operator has to do something first. */
export const retryAfterRepair = 60
