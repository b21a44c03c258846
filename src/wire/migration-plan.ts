import * as z from 'zod'
import type { Of } from './codec.ts'
import { migrationScope } from './migration.ts'

/** A plan has the fields of a status that are known before anything was done. */
export const migrationPlan = z
  .strictObject({
    id: z.null(),
    state: z.literal('planned'),
    sourceModel: z.string(),
    targetModel: z.string(),
    scope: migrationScope,
    corpusChunks: z.int().describe('Chunks with text in the whole corpus.'),
    totalChunks: z.int().describe('Of these, the ones in scope.'),
    doneChunks: z.int().describe('Of these, the ones that have a vector of the target.'),
    missingChunks: z.int().describe('Of these, the ones that the target lacks.'),
    texts: z.int().describe('Texts to embed: identical content is embedded once.'),
    savedByIdenticalContent: z
      .int()
      .describe('Missing chunks that cost nothing because their text is embedded already, or only once.'),
    tokens: z.number(),
    tokensExact: z
      .boolean()
      .describe(
        'Counted with the model’s own vocabulary, prefixes included; otherwise an estimate, which errs high.',
      ),
    pricePerMillionTokens: z.number().nullable().describe('Null: not known. 0: nobody is paid.'),
    priceFrom: z.enum(['request', 'catalogue']).nullable(),
    costUsdEstimate: z.number().nullable(),
    budgetUsd: z.number().nullable(),
    etaSeconds: z.number().describe('With one worker.'),
    etaFrom: z
      .enum(['nothing to do', 'probe', 'requests per minute', 'tokens per minute'])
      .describe('What the time follows from: the speed that was measured, or the provider’s limits.'),
    bytesEstimate: z.number(),
    vectorBytes: z.number(),
    indexBytes: z.number(),
    probe: z
      .strictObject({
        texts: z.int().describe('Texts it was asked for, of the corpus where it has any to embed.'),
        tokens: z.int(),
        seconds: z.number(),
        secondsPerRequest: z.number().describe('The time of a request beside its texts’.'),
        secondsPerText: z.number(),
      })
      .describe('How the target answered.'),
    limits: z.strictObject({
      requestsPerMinute: z.number().nullable(),
      tokensPerMinute: z.number().nullable(),
      concurrency: z.int(),
      batchItems: z.int(),
    }),
    retirement: z
      .string()
      .nullable()
      .describe('Day (ISO) the provider announced as the target’s last, or the earliest that could be.'),
    warnings: z.array(z.string()).readonly(),
  })
  .meta({ id: 'MigrationPlan', description: 'What a migration would move, cost and take.' })
export type MigrationPlan = Of<typeof migrationPlan>
