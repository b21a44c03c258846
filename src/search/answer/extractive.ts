import type { AnswerEvent, Citation } from '../../wire/answer.ts'
import { citationOf } from './citation.ts'
import { asText } from './neutral.ts'
import type { Passage } from './passages.ts'
import { proseSentencesOf } from './prose.ts'
import type { Sentence } from './sentences.ts'
import { type Rarity, shared, weightOf, wordsOf } from './words.ts'

const mostSentences = 4
/** In letters of an alphabet. */
const [shortest, longest] = [25, 600]
/** One of these counts as three letters. */
const ideograph = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/gu
/** A further sentence must add at least this share of the question's weight. */
const leastGain = 0.1
/** What a passage loses for each place further down: the search knows what words don't show. */
const rankDiscount = 0.06

/**
 * Prose must have this share of what the passages have of the question; otherwise code or a table answers it.
 */
const leastProse = 0.35

/** A question answers nothing; the text after it may, and is about the same thing. */
const asks = /[?？؟]["'”’»)\]*_]*\s*$/u

interface Candidate {
  readonly passage: Passage
  readonly sentence: Sentence
  readonly words: ReadonlySet<string>
  /** Before any sentence was chosen. */
  readonly score: number
}

/**
 * The sentences of the passages with most of the question's words, weighted by rarity, each with words that the
 * previous ones lack; quoted exactly, in the order of passages and text. Empty: the words are not in sentences
 * but in code, tables or headings.
 */
export function extractSentences(
  question: ReadonlySet<string>,
  passages: readonly Passage[],
  rarity: Rarity,
): readonly { readonly passage: Passage; readonly sentence: Sentence }[] {
  const whole = weightOf(question, rarity)
  const prose = passages.map(({ text }) => proseSentencesOf(text))
  const weightIn = (texts: readonly ReadonlySet<string>[]): number =>
    weightOf(
      [...question].filter((word) => texts.some((words) => words.has(word))),
      rarity,
    )
  const said = weightIn(prose.flat().map(({ text }) => wordsOf(text)))
  if (said < leastProse * weightIn(passages.map(({ words }) => words))) return []
  const candidates = passages.flatMap((passage, rank) =>
    candidatesOf(passage, prose[rank] ?? [], { rank, question, rarity }),
  )
  const chosen: Candidate[] = []
  const covered = new Set<string>()
  while (chosen.length < mostSentences) {
    const gainOf = ({ words, score }: Candidate): number => {
      const fresh = shared(question, words).filter((word) => !covered.has(word))
      return weightOf(fresh, rarity) * score
    }
    const best = candidates
      .filter((candidate) => !chosen.includes(candidate))
      .reduce<Candidate | undefined>((a, b) => (a === undefined || gainOf(b) > gainOf(a) ? b : a), undefined)
    if (best === undefined || gainOf(best) <= (chosen.length === 0 ? 0 : leastGain * whole)) break
    chosen.push(best)
    for (const word of best.words) covered.add(word)
  }
  const place = (one: Candidate): number => passages.indexOf(one.passage)
  return chosen.sort((a, b) => place(a) - place(b) || a.sentence.start - b.sentence.start)
}

function candidatesOf(
  passage: Passage,
  sentences: readonly Sentence[],
  {
    rank,
    question,
    rarity,
  }: { readonly rank: number; readonly question: ReadonlySet<string>; readonly rarity: Rarity },
): Candidate[] {
  // Words of the whole passage count for its sentences too: "it" refers to what was named before.
  const around = weightOf(shared(question, passage.words), rarity)
  const whole = weightOf(question, rarity)
  const score = (0.5 + (whole === 0 ? 0 : (0.5 * around) / whole)) / (1 + rank * rankDiscount)
  return sentences.flatMap((sentence, i) => {
    const { text } = sentence
    if (asks.test(text) || lengthOf(text) < shortest || lengthOf(text) > longest) return []
    const before = sentences[i - 1]?.text ?? ''
    return { passage, sentence, words: wordsOf(asks.test(before) ? `${before} ${text}` : text), score }
  })
}

function lengthOf(text: string): number {
  return text.length + 2 * (text.match(ideograph)?.length ?? 0)
}

type Told = Extract<AnswerEvent, { type: 'text' | 'citation' }>

/** The sentences as an answer: each followed by the marker of its citation. */
export function* tellSentences(
  sentences: ReturnType<typeof extractSentences>,
): Generator<Told, readonly Citation[], undefined> {
  const citations: Citation[] = []
  for (const [i, { passage, sentence }] of sentences.entries()) {
    const citation = citationOf(passage, sentence, i + 1)
    citations.push(citation)
    yield { type: 'citation', citation }
    yield { type: 'text', text: `${i === 0 ? '' : ' '}${asText(sentence.text)} [${citation.marker}]` }
  }
  return citations
}
