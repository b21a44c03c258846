import * as z from 'zod'

/** What one file may take. */
export const fileOptions = {
  maxFileBytes: z.int().min(1).default(100_000_000).describe('Larger files are refused.'),
  maxPdfPages: z
    .int()
    .min(1)
    .default(10_000)
    .describe('PDFs with more pages are refused. Thousands take about as long as `parseTimeoutMs` allows.'),
  parseTimeoutMs: z
    .int()
    .min(1)
    .default(60_000)
    .describe('Milliseconds a file may take to parse and split, without its wait for others of its owner.'),
  parseMemoryMb: z
    .int()
    .min(128)
    .default(1_024)
    .describe(
      'Megabytes of memory the process that parses a file may take, all in all. There are up to four at once.',
    ),
}
