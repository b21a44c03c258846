import type { AnswerEvent, Citation } from '../../core/answer.ts'
import { citationOf, sentenceFor } from './citation.ts'
import { type Marked, markedText } from './marked-text.ts'
import type { Passage } from './passages.ts'
import { notInPassages } from './prompt.ts'
import type { Rarity } from './words.ts'

type Told = Extract<AnswerEvent, { type: 'text' | 'citation' }>

/** A language model's words on their way to the reader. */
export interface Citing {
  push(words: string): readonly Told[]
  end(): readonly Told[]
  readonly text: string
  readonly citations: readonly Citation[]
  /** Citations of passages that were not given. */
  readonly removed: number
  /** The model said that the passages do not answer the question. Its further words are not told. */
  readonly refused: boolean
}

/**
 * Checks every citation against the passages that were given. One that holds becomes a marker of our own, counted from 1 in
 * the order of the text, and points to the sentence that says it; one of no such passage is taken out and counted.
 */
export function citingText(passages: readonly Passage[], rarity: Rarity): Citing {
  const marked = markedText((url) => /^https?:/.test(url) && passages.some(({ text }) => text.includes(url)))
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
    const given = numbers.filter((number) => passages[number - 1] !== undefined)
    removed += numbers.length - given.length
    const told: Told[] = []
    let markers = ''
    for (const number of given) {
      const passage = passages[number - 1]
      if (passage === undefined) continue
      const sentence = sentenceFor(passage, lastStatement(text), rarity)
      const citation = citationOf(passage, sentence, citations.length + 1)
      const known = citations.find((one) => one.chunkId === citation.chunkId && one.quote === citation.quote)
      if (known === undefined) {
        citations.push(citation)
        told.push({ type: 'citation', citation })
      }
      const mark = `[${known?.marker ?? citation.marker}]`
      if (!markers.includes(mark)) markers += mark
    }
    return markers === '' ? told : [...told, ...say(spaceBefore + markers)]
  }

  /** Holds back the first words as long as they may be the refusal. */
  function gate(words: string, final: boolean): string {
    if (decided) return words
    beginning += words
    const start = beginning.replace(/^[\s"'`*.]+/, '')
    if (!final && start.length < notInPassages.length && notInPassages.startsWith(start)) return ''
    decided = true
    refused = start.startsWith(notInPassages)
    return beginning
  }

  return {
    push: (words) => {
      const passed = gate(words, false)
      return refused ? [] : tell(marked.push(passed))
    },
    end: () => {
      const passed = gate('', true)
      return refused ? [] : [...tell(marked.push(passed)), ...tell(marked.end())]
    },
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
      return refused
    },
  }
}

/** The sentence before a marker, without the markers in it. */
function lastStatement(text: string): string {
  const tail = text
    .slice(-600)
    .replace(/\[\d+\]/g, '')
    .trimEnd()
  const end = tail.replace(/[.!?…"')\]\s]+$/, '')
  const before = Math.max(
    end.lastIndexOf('. '),
    end.lastIndexOf('! '),
    end.lastIndexOf('? '),
    end.lastIndexOf('\n'),
  )
  return tail.slice(before + 1)
}
