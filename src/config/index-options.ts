import * as z from 'zod'

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
  buildHelpers: z
    .int()
    .min(0)
    .max(64)
    .default(0)
    .describe(
      'Server processes that may help to build the HNSW index of a migration’s target, up to the server’s `max_parallel_maintenance_workers`. Each makes the build faster and takes a processor from searches.',
    ),
}
