import { type Rarity, shared, weightOf } from './words.ts'

/**
 * Whether anything found is about the question at all. Distances cannot tell: what is near differs from model
 * to model, and a question about something else is still nearest to something. Words can: the share of the
 * question's words, weighted by rarity, that the best passage has.
 */
export interface Closeness {
  /** 0 to 1: the largest share of the question's weight that one passage has. */
  readonly share: number
  /**
   * 0 to 1: how many of the question's words occur in any passage. Low: the question is in another language.
   */
  readonly known: number
}

/**
 * Below this share nothing is close. Measured by `npm run bench:answers`; the figures are in
 * docs/guides/answers.md.
 */
const closeShare = 0.15
/** The limit for few chunks: common words are still rare among them, and weigh too much. */
const closeShareOfFew = 0.2
const few = 20

export function isClose({ share }: Closeness, found: number): boolean {
  return share >= (found < few ? closeShareOfFew : closeShare)
}

/** Below this, words are no evidence: the question and the passages are in different languages. */
export const knownShare = 0.3

export function closenessOf(
  question: ReadonlySet<string>,
  passages: readonly ReadonlySet<string>[],
  rarity: Rarity,
): Closeness {
  const whole = weightOf(question, rarity)
  const share = Math.max(0, ...passages.map((words) => weightOf(shared(question, words), rarity)))
  const known = [...question].filter((word) => rarity.knows(word)).length
  return { share: whole === 0 ? 1 : share / whole, known: question.size === 0 ? 1 : known / question.size }
}
