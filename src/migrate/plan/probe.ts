import type { EmbeddingModel } from '../../embedding/contract.ts'
import type { StoreDeps } from '../../store/deps.ts'
import { sampleTexts } from '../../store/plan-counts.ts'
import type { MigrationScope } from '../../wire/migration.ts'
import type { MigrationPlan } from '../../wire/migration-plan.ts'
import type { Model } from '../../wire/model.ts'

const texts = 16
const sentence =
  'This sentence shows that the model answers, with vectors of the width it is registered with.'

/**
 * Embeds a few texts the way a fill will. A single text that can't be embedded is a matter for the quarantine;
 * if none can, the first reason is thrown.
 */
export async function probeModel(
  { db, layout }: StoreDeps,
  opened: EmbeddingModel,
  request: { readonly target: Model; readonly scope: MigrationScope; readonly signal?: AbortSignal },
): Promise<MigrationPlan['probe']> {
  const { target, scope, signal } = request
  const sample: string[] = []
  for await (const page of sampleTexts(db, layout, target, { scope, limit: texts, signal })) {
    sample.push(...page.map((text) => text.content))
  }
  if (sample.length === 0) sample.push(sentence)
  let tokens = 0
  let seconds = 0
  const timed = async (some: readonly string[]) => {
    const began = performance.now()
    const reply = await opened.embedEach(some, { kind: 'document', signal })
    const took = (performance.now() - began) / 1_000
    tokens += reply.tokens
    seconds += took
    return { took, outcomes: reply.outcomes }
  }
  // The first request opens connections and loads weights.
  await timed(sample.slice(0, 1))
  const { took: one } = await timed(sample.slice(0, 1))
  const { took: all, outcomes } = await timed(sample)
  const [refused] = outcomes
  if (refused?.error !== undefined && outcomes.every((outcome) => outcome.error !== undefined)) {
    throw refused.error
  }
  const secondsPerText = sample.length === 1 ? one : Math.max(0, (all - one) / (sample.length - 1))
  return {
    texts: sample.length,
    tokens,
    seconds,
    secondsPerRequest: Math.max(0, one - secondsPerText),
    secondsPerText,
  }
}
