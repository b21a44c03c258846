import { randomBytes } from 'node:crypto'
import { RevectorError } from '../../core/errors.ts'
import type { LanguageModel } from '../../generating/contract.ts'
import { estimateTokens } from '../../splitting/tokens.ts'
import type { Deps } from '../../store/deps.ts'
import type { Answer, AnswerEvent, AnswerMode, Citation, TokenUsage, Unanswered } from '../../wire/answer.ts'
import type { Hit, SearchResult } from '../../wire/search.ts'
import type { SearchDeps } from '../deps.ts'
import { refuseBesideAs } from '../request.ts'
import { search } from '../search.ts'
import { searchWhileFilling } from '../search-while-filling.ts'
import { roomForPassages, tokensAtMost } from './budget.ts'
import { citingText } from './citing.ts'
import { closenessOf, isClose, knownShare } from './closeness.ts'
import { extractSentences, tellSentences } from './extractive.ts'
import { choosePassages, type Passage } from './passages.ts'
import { promptFor } from './prompt.ts'
import { type AskRequest, type CheckedAsk, checkAsk } from './request.ts'
import { type Rarity, rarityIn, wordsOf } from './words.ts'

/**
 * How many of the nearest chunks are examined: they show which words are rare, and replace passages that say
 * the same.
 */
const depth = 50
/** For an extractive answer. */
const extractiveTokens = 20_000

const unansweredText: Readonly<Record<Unanswered, string>> = {
  nothing_found: 'The documents contain nothing to answer from.',
  nothing_close: 'Nothing in the documents is close to this question.',
  not_in_passages: 'The documents found do not answer this question.',
}
/** There are passages close to the question, but nothing to quote. */
const noSentence =
  'No sentence of the documents found answers this question; code, a table or a heading in them may.'

/**
 * Answers a question from the documents: searches, chooses passages, and has a language model answer from them,
 * or picks their best sentences if none is configured. Every citation points to the words that support it.
 *
 * @throws RevectorError as `search`, and what the language model throws
 */
export async function* ask(
  deps: SearchDeps & Pick<Deps, 'language'>,
  request: AskRequest,
): AsyncGenerator<AnswerEvent, void, undefined> {
  const began = performance.now()
  const checked = checkAsk(request)
  const language = checked.mode === 'extractive' ? null : await deps.language()
  if (checked.mode === 'generated' && language === null) throw noLanguageModel()
  const mode: AnswerMode = language === null ? 'extractive' : 'generated'

  const { query, topK, signal } = checked
  const room = language === null ? extractiveTokens : roomForPassages(language.spec, query)
  const found = await find(deps, checked)
  const passages = choosePassages(found.hits, {
    most: topK,
    tokens: room,
    tokensOf: language === null ? estimateTokens : tokensAtMost,
  })
  const rarity = rarityIn(found.hits.map((hit) => wordsOf(hit.content)))
  yield { type: 'hits', hits: passages.map(({ chunk }, i) => ({ ...chunk, rank: i + 1 })) }

  const question = { text: query, words: wordsOf(query) }
  const made = { passages, rarity, found: found.hits.length, question, mode }
  const reason = nothingClose(made)
  const outcome =
    reason !== null
      ? yield* decline(reason)
      : language === null
        ? yield* extract(made)
        : yield* generate(made, language, signal)
  const answer: Answer = {
    query,
    mode,
    model: found.models[0] ?? '',
    languageModel: language?.name ?? null,
    coverage: found.coverage,
    ...(found.serving && { serving: found.serving }),
    ...outcome,
    tookMs: performance.now() - began,
  }
  yield { type: 'done', answer }
}

async function find(
  deps: SearchDeps,
  { query, modelName, serve, minScore, filter, as, signal }: CheckedAsk,
): Promise<SearchResult> {
  const request = { query, topK: depth, minScore, filter, signal }
  refuseBesideAs(as, { serve })
  if (serve !== undefined) return searchWhileFilling(deps, { ...request, serve })
  return search(deps, { ...request, modelName, as })
}

type Outcome = Pick<
  Answer,
  'answer' | 'answered' | 'reason' | 'citations' | 'removedCitations' | 'truncated' | 'usage'
>
type Told = AsyncGenerator<AnswerEvent, Outcome, undefined>

interface Made {
  readonly passages: readonly Passage<Hit>[]
  readonly rarity: Rarity
  /** The chunks found, of which the best become passages. */
  readonly found: number
  readonly question: { readonly text: string; readonly words: ReadonlySet<string> }
  readonly mode: AnswerMode
}

function nothingClose({ passages, rarity, found, question, mode }: Made): Unanswered | null {
  if (passages.length === 0) return 'nothing_found'
  const closeness = closenessOf(
    question.words,
    passages.map((passage) => passage.words),
    rarity,
  )
  if (isClose(closeness, found)) return null
  // In another language, words prove nothing; a language model can tell.
  return mode === 'generated' && closeness.known < knownShare ? null : 'nothing_close'
}

async function* decline(
  reason: Unanswered,
  {
    usage = null,
    removed = 0,
    answer = unansweredText[reason],
  }: { readonly usage?: TokenUsage | null; readonly removed?: number; readonly answer?: string } = {},
): Told {
  yield { type: 'text', text: answer }
  return {
    answer,
    answered: false,
    reason,
    citations: [],
    removedCitations: removed,
    truncated: false,
    usage,
  }
}

async function* extract({ passages, rarity, question }: Made): Told {
  const sentences = extractSentences(question.words, passages, rarity)
  if (sentences.length === 0) return yield* decline('not_in_passages', { answer: noSentence })
  let answer = ''
  const citations: Citation[] = []
  for (const told of tellSentences(sentences)) {
    if (told.type === 'text') answer += told.text
    else citations.push(told.citation)
    yield told
  }
  return {
    answer,
    answered: true,
    reason: null,
    citations,
    removedCitations: 0,
    truncated: false,
    usage: null,
  }
}

async function* generate(
  { passages, rarity, question }: Made,
  language: LanguageModel,
  signal: AbortSignal | undefined,
): Told {
  const prompt = promptFor(question.text, passages, randomBytes(4).toString('hex'))
  const citing = citingText(passages, rarity, question.text)
  let truncated = false
  let usage: TokenUsage | null = null
  for await (const part of language.generate(prompt, { signal })) {
    if (part.type === 'text') yield* citing.push(part.text)
    else {
      truncated = part.cut
      usage = part.usage
    }
  }
  yield* citing.end()
  const { text, removed } = citing
  if (citing.refused && text === '') return yield* decline('not_in_passages', { usage, removed })
  return {
    answer: text,
    answered: !citing.refused,
    reason: citing.refused ? 'not_in_passages' : null,
    citations: citing.citations,
    removedCitations: removed,
    truncated,
    usage,
  }
}

function noLanguageModel(): RevectorError {
  return new RevectorError(
    'LANGUAGE_MODEL_MISSING',
    'A generated answer was requested, but no language model is configured.',
    { hint: 'Set REVECTOR_LANGUAGE_MODEL, for example to openai:gpt-5-mini.' },
  )
}
