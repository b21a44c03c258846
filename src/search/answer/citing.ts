import type { AnswerEvent, Citation } from '../../wire/answer.ts'
import { citationOf, sentenceFor } from './citation.ts'
import { type Marked, markedText } from './marked-text.ts'
import type { Passage } from './passages.ts'
import { mayRefuse, refusalFilter, refuses } from './refusal.ts'
import type { Rarity } from './words.ts'

type Told = Extract<AnswerEvent, { type: 'text' | 'citation' }>

/** A language model's words on their way to the user. */
export interface Citing {
  push(words: string): readonly Told[]
  end(): readonly Told[]
  readonly text: string
  readonly citations: readonly Citation[]
  /** Citations of passages that do not exist. */
  readonly removed: number
  /**
   * At the end: the model said that the passages do not answer the question. Its words after that are dropped;
   * those before it are in `text`.
   */
  readonly refused: boolean
}

/**
 * Checks every citation against the passages. A valid one becomes a marker of our own, counted from 1 in the
 * order of the text, and points to the sentence that supports it; one of a passage that does not exist is
 * removed and counted.
 */
export function citingText(passages: readonly Passage[], rarity: Rarity, question: string): Citing {
  const texts = [question, ...passages.map(({ text }) => text)]
  const marked = markedText(
    (url) => /^(?:https?:|www\.)/i.test(url) && texts.some((text) => text.includes(url)),
  )
  const withoutRefusal = refusalFilter()
  const citations: Citation[] = []
  let text = ''
  let beginning = ''
  let decided = false
  let refused = false
  let removed = 0

  function tell(pieces: readonly Marked[]): readonly Told[] {
    return pieces.flatMap((piece) => (piece.type === 'text' ? say(piece.text) : cite(piece)))
  }

  function say(words: string): Told[] {
    const told = text === '' ? words.trimStart() : words
    text += told
    return told === '' ? [] : [{ type: 'text', text: told }]
  }

  function cite({ numbers, spaceBefore }: Extract<Marked, { type: 'cited' }>): Told[] {
    const told: Told[] = []
    let markers = ''
    const there = /(?:\[\d+\])*$/.exec(text)?.[0] ?? ''
    for (const number of numbers) {
      const passage = passages[number - 1]
      if (passage === undefined) {
        removed += 1
        continue
      }
      const sentence = sentenceFor(passage, lastStatement(text), rarity)
      const citation = citationOf(passage, sentence, citations.length + 1)
      const known = citations.find((one) => one.chunkId === citation.chunkId && one.quote === citation.quote)
      if (known === undefined) {
        citations.push(citation)
        told.push({ type: 'citation', citation })
      }
      const mark = `[${known?.marker ?? citation.marker}]`
      if (!markers.includes(mark) && !there.includes(mark)) markers += mark
    }
    return markers === '' ? told : [...told, ...say(spaceBefore + markers)]
  }

  /** Holds back the first words while they may be the refusal. */
  function gate(words: string, final: boolean): string {
    if (decided) return words
    beginning += words
    if (!final && mayRefuse(beginning)) return ''
    decided = true
    refused = refuses(beginning)
    return beginning
  }

  function hear(words: string, final: boolean): readonly Told[] {
    const passed = gate(words, final)
    if (refused) return []
    const said = withoutRefusal.push(passed, final)
    return tell(final ? [...marked.push(said), ...marked.end()] : marked.push(said))
  }

  return {
    push: (words) => hear(words, false),
    end: () => hear('', true),
    get text() {
      return text.trimEnd()
    },
    get citations() {
      return citations
    },
    get removed() {
      return removed
    },
    get refused() {
      return refused || (withoutRefusal.found && citations.length === 0) || text.trim() === ''
    },
  }
}

/** The sentence before a marker, without its markers. */
function lastStatement(text: string): string {
  const tail = text
    .slice(-600)
    .replace(/\[\d+\]/g, '')
    .trimEnd()
  const end = tail.replace(/[.!?…。！？"')\]\s]+$/, '')
  const ends = [...end.matchAll(/[.!?…](?=\s)|[。！？\n]/g)]
  return tail.slice((ends.at(-1)?.index ?? -1) + 1)
}
