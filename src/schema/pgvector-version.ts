/** Whether a version of pgvector is older than another. */
export function isOlder(version: string, than: readonly number[]): boolean {
  const numbers = version.split('.').map((part) => Number.parseInt(part, 10))
  for (const [place, wanted] of than.entries()) {
    const part = numbers[place] ?? 0
    if (part !== wanted) return part < wanted
  }
  return false
}

/**
 * Parallel HNSW builds of older versions overflow a buffer (CVE-2026-3172,
 * https://github.com/pgvector/pgvector/issues/959).
 */
export const parallelBuildsSafeSince = [0, 8, 2] as const
