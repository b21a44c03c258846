import { errorCatalogue, isRevectorError } from '../core/errors.ts'
import type { NewAuditEntry } from '../wire/access.ts'

interface Audit {
  begin(entry: NewAuditEntry): Promise<string>
  end(id: string, status: number): Promise<void>
}

/**
 * A change that is written down before it is tried, and then how it ended: 200, or the status that its error has over
 * HTTP. Without an entry it is not tried; an entry that can't be closed is told of and changes nothing.
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
