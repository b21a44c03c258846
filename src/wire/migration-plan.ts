import * as z from 'zod'
import type { Of } from './codec.ts'
import { list } from './field.ts'
import { migrationScope } from './migration.ts'

/** A plan has the fields of a status that are known before anything is done. */
export const migrationPlan = z
  .strictObject({
    id: z.null(),
    state: z.literal('planned'),
    sourceModel: z.string(),
    targetModel: z.string(),
    scope: migrationScope,
    corpusChunks: z.int().describe('Chunks with text in the whole corpus.'),
    totalChunks: z.int().describe('Chunks in scope.'),
    doneChunks: z.int().describe('Chunks in scope that have a vector of the target.'),
    missingChunks: z.int().describe('Chunks in scope that the target lacks.'),
    texts: z.int().describe('Texts to embed: identical content is embedded once.'),
    savedByIdenticalContent: z
      .int()
      .describe(
        'Missing chunks that cost nothing because their text is already embedded, or is embedded only once.',
      ),
    tokens: z.number(),
    tokensExact: z
      .boolean()
      .describe(
        'Counted with the model’s own vocabulary, including prefixes; otherwise an estimate, which errs high.',
      ),
    pricePerMillionTokens: z.number().nullable().describe('Null: unknown. 0: the model is free.'),
    priceFrom: z.enum(['request', 'catalogue']).nullable(),
    costUsdEstimate: z.number().nullable(),
    budgetUsd: z.number().nullable(),
    etaSeconds: z.number().describe('With one worker.'),
    etaFrom: z
      .enum(['nothing to do', 'probe', 'requests per minute', 'tokens per minute'])
      .describe('What determines the time: the measured speed, or the provider’s limits.'),
    bytesEstimate: z.number(),
    vectorBytes: z.number(),
    indexBytes: z.number(),
    index: z
      .strictObject({
        neededBytes: z.number().describe('Memory in which the whole index can be built.'),
        memoryBytes: z.number().describe('Memory that the build gets on the server.'),
        fits: z.boolean().describe('If not, the rest of the build takes many times as long.'),
        processes: z.int().describe('Server processes that build.'),
        seconds: z.number().describe('About how long the build takes, beside the embedding.'),
      })
      .describe('The build of the HNSW index.'),
    freeBytes: z
      .number()
      .nullable()
      .describe('Free on the disk of the embedded engine; null: a server does not tell.'),
    probe: z
      .strictObject({
        texts: z.int().describe('Texts that were embedded; texts of the corpus, if it has any to embed.'),
        tokens: z.int(),
        seconds: z.number(),
        secondsPerRequest: z.number().describe('The overhead of a request.'),
        secondsPerText: z.number(),
      })
      .describe('The target’s response to a probe.'),
    limits: z.strictObject({
      requestsPerMinute: z.number().nullable(),
      tokensPerMinute: z.number().nullable(),
      concurrency: z.int(),
      batchItems: z.int(),
    }),
    retirement: z
      .string()
      .nullable()
      .describe('Day (ISO) on which the provider will retire the target, or the earliest possible one.'),
    warnings: list(z.string()),
  })
  .meta({ id: 'MigrationPlan', description: 'What a migration would embed, cost and take.' })
export type MigrationPlan = Of<typeof migrationPlan>
