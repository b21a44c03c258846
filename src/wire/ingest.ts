import * as z from 'zod'
import type { Of } from './codec.ts'

const failedFile = z.strictObject({ path: z.string(), code: z.string(), message: z.string() })
export type FailedFile = Of<typeof failedFile>

export const ingestReport = z.strictObject({
  documents: z.int().describe('Added or changed.'),
  chunks: z.int().describe('Of those documents.'),
  unchanged: z.int(),
  skipped: z.int().describe('Files of folders that are no documents: pictures, archives, programs.'),
  failed: z.array(failedFile).readonly(),
  models: z.array(z.string()).readonly().describe('Models that the documents were embedded with.'),
  pending: z.record(z.string(), z.int()).describe('By model: vectors that it still lacks.'),
  seconds: z.number(),
})
export type IngestReport = Of<typeof ingestReport>

export const fillReport = z.strictObject({
  modelName: z.string(),
  embedded: z.int().describe('Vectors that a provider made.'),
  reused: z.int().describe('Vectors taken from identical content.'),
  present: z.int().describe('Vectors that were there already.'),
  tokens: z.int(),
  seconds: z.number(),
})
export type FillReport = Of<typeof fillReport>
