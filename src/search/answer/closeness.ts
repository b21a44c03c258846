import { type Rarity, shared, weightOf } from './words.ts'

/**
 * Whether anything that was found is about the question at all. Distances cannot say it: what is near differs from model to
 * model, and a question about something else is still nearest to something. Words can: the share of the question's
 * words, the rare ones counting more, that the best of the passages has.
 */
export interface Closeness {
  /** 0 to 1: the largest share of the question's weight that one passage has. */
  readonly share: number
  /** 0 to 1: how many of the question's words any of the passages has. Low: the question is in another language. */
  readonly known: number
}

/**
 * Below this share nothing is close. `npm run bench:answers` measures it: at 0.15 some 2 in 100 questions whose answer was
 * found are turned away, and three quarters or more of the questions about other subjects.
 */
export const closeShare = 0.15

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
  return {
    share: whole === 0 ? 1 : share / whole,
    known: question.size === 0 ? 1 : known / question.size,
  }
}
