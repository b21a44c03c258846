import * as z from 'zod'
import { byteSizePattern } from '../core/byte-size.ts'

/** How HNSW indexes are built and searched. */
export const indexOptions = {
  recall: z
    .number()
    .min(0)
    .max(1)
    .default(0.98)
    .describe(
      'Share of the exact ten nearest that searches must find. A verification finds the least search effort that reaches it; more is found more slowly.',
    ),
  buildMemory: z
    .string()
    .regex(byteSizePattern, 'expected an amount such as 512MB or 4GB')
    .optional()
    .describe(
      'Most memory that the build of an HNSW index may take on the server, such as 4GB. If not set: a quarter of its `effective_cache_size` less `shared_buffers`, or its `maintenance_work_mem` if that is more. A build that does not fit takes many times as long; `migrate plan` says what it needs.',
    ),
  gentleBuilds: z
    .boolean()
    .default(false)
    .describe('Build HNSW indexes with one process, which leaves the others of a small machine to searches.'),
  buildHelpers: z
    .int()
    .min(0)
    .max(64)
    .optional()
    .describe(
      'Server processes that may help to build the HNSW index of a migration’s target. If not set: as many as its `max_parallel_maintenance_workers`, the most in any case. None where pgvector is older than 0.8.2, whose parallel builds are not safe.',
    ),
}
