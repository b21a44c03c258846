import { errorCatalogue, isRevectorError } from '../core/errors.ts'
import type { NewAuditEntry } from '../wire/access.ts'

interface Audit {
  begin(entry: NewAuditEntry): Promise<string>
  end(id: string, status: number): Promise<void>
}

/**
 * Records a change before it is attempted, and afterwards its outcome: 200, or the HTTP status of its error.
 * Without an entry the change does not happen; if the entry cannot be closed, a warning is logged and the
 * change stands.
 */
export async function audited<T>(
  audit: Audit,
  entry: NewAuditEntry,
  work: () => Promise<T>,
  onFault: (error: unknown) => void,
): Promise<T> {
  const id = await audit.begin(entry)
  const end = (status: number) => audit.end(id, status).catch(onFault)
  try {
    const result = await work()
    await end(200)
    return result
  } catch (error) {
    await end(isRevectorError(error) ? errorCatalogue[error.code].status : 500)
    throw error
  }
}
