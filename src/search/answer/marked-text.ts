import {
  type AllowsLink,
  addressBehind,
  bareAddress,
  beginsAddress,
  beginsLoadingTag,
  looksLikeAddress,
  removedAddress,
  urlIn,
  withoutLinks,
} from './address.ts'
import { markerAt } from './marker.ts'

/** A language model's words after the check: text, and the places where a passage is cited. */
export type Marked =
  | { readonly type: 'text'; readonly text: string }
  /** Passage numbers as the model wrote them, whether or not there are such passages. */
  | { readonly type: 'cited'; readonly numbers: readonly number[]; readonly spaceBefore: string }

export interface MarkedText {
  /** Takes the next words; returns what can be decided so far. */
  push(words: string): readonly Marked[]
  /** The rest. */
  end(): readonly Marked[]
}

const special =
  /[ \t]*\\?[[【［〔〖]|https?:\/\/|www\.|[`~\\\]<\u202a-\u202e\u2066-\u2069]|(?![\n\t])\p{Cc}/iu
/** White space may precede a citation that will be removed; the letters may begin an address. */
const undecidedEnd = /\s*(?:h|ht|htt|https?|https?:|https?:\/|w{1,3})?$/i
/** A longer line, or code within a line, is not held back. */
const longestWait = 2_000

/**
 * Finds citations in words that arrive in pieces: whatever may be the beginning of one is held back until it is
 * decided. In code a bracket is a bracket. Addresses that `allowsLink` does not accept are removed, and so are
 * pictures: one that a hostile passage made up could leak the question. Control characters are removed.
 */
export function markedText(allowsLink: AllowsLink): MarkedText {
  let held = ''
  /** The run that opened a code block, or null outside of one. */
  let fence: string | null = null
  /** For open brackets: whether an exclamation mark makes them a picture. */
  const open: boolean[] = []
  /** The beginning of the line that is being output. */
  let line = ''
  let last = ''
  let found: Marked[] = []

  function decide(final: boolean): readonly Marked[] {
    found = []
    while (held !== '') {
      const taken = fence === null ? prose(final) : inBlock(fence, final)
      if (taken === 0) break
      held = held.slice(taken)
    }
    return joined(found)
  }

  function say(text: string): void {
    if (text === '') return
    last = text.slice(-1)
    const newline = text.lastIndexOf('\n')
    line = (newline < 0 ? line + text : text.slice(newline + 1)).slice(0, 8)
    found.push({ type: 'text', text })
  }

  /** Line by line. Returns how many characters were processed; 0: more must arrive first. */
  function inBlock(run: string, final: boolean): number {
    const newline = held.indexOf('\n')
    if (newline < 0 && !final && held.length < longestWait) return 0
    const length = newline < 0 ? held.length : newline + 1
    const told = held.slice(0, length)
    const closing = /^ {0,3}(`{3,}|~{3,})[ \t]*\n?$/.exec(told)?.[1] ?? ''
    if (closing.startsWith(run)) fence = null
    say(withoutLinks(told, allowsLink))
    return length
  }

  function prose(final: boolean): number {
    const match = special.exec(held)
    if (match === null) {
      const text = final ? held : held.replace(undecidedEnd, '')
      say(text)
      return text.length
    }
    if (match.index > 0) {
      say(held.slice(0, match.index))
      return match.index
    }
    if (beginsAddress(held)) return address(final)
    const space = /^[ \t]*/.exec(held)?.[0] ?? ''
    const rest = held.slice(space.length)
    switch (rest.charAt(0)) {
      case '`':
      case '~':
        return code(final)
      case ']':
        return closing(final)
      case '<':
        return tag(final)
      case '\\':
        return escaped(rest, space, final)
      case '[':
      case '【':
      case '［':
      case '〔':
      case '〖':
        return opening(rest, space, final)
      default:
        return 1
    }
  }

  function address(final: boolean): number {
    const url = bareAddress(held, final)
    if (url === null) return 0
    say(allowsLink(url) ? url : removedAddress)
    return url.length
  }

  /** A code block begins a line; code within a line ends in it, with a run of the same length. */
  function code(final: boolean): number {
    const run = /^(?:`+|~+)/.exec(held)?.[0] ?? ''
    const newline = held.indexOf('\n')
    const whole = newline >= 0 || final || held.length >= longestWait
    if (run.length === held.length && !whole) return 0
    const begins = /^ {0,3}$/.test(line)
    if (run.length >= 3 && begins) {
      if (!whole) return 0
      const length = newline < 0 ? held.length : newline + 1
      if (run.startsWith('~') || !held.slice(run.length, length).includes('`')) {
        fence = run
        say(held.slice(0, length))
        return length
      }
    }
    if (run.startsWith('~')) {
      say(run)
      return run.length
    }
    const end = endOfRun(newline < 0 ? held : held.slice(0, newline), run.length, whole)
    if (end === null && !whole) return 0
    // A run without an end is not code.
    const told = held.slice(0, end ?? run.length)
    say(withoutLinks(told, allowsLink))
    return told.length
  }

  function tag(final: boolean): number {
    const loads = beginsLoadingTag(held, final)
    if (loads === null) return 0
    say(loads ? '‹' : '<')
    return 1
  }

  function escaped(rest: string, space: string, final: boolean): number {
    if (rest.length === 1 && !final) return 0
    if (/^\\[[【［〔〖]/.test(rest)) return opening(rest, space, final)
    const length = /^\\[`~<]/.test(rest) ? 2 : 1
    say(space + rest.slice(0, length))
    return space.length + length
  }

  function opening(rest: string, space: string, final: boolean): number {
    const cited = markerAt(rest, final)
    if (cited === undefined) return 0
    if (cited === null) {
      open.push(space === '' && last === '!')
      const length = rest.startsWith('\\') ? 2 : 1
      say(space + rest.slice(0, length))
      return space.length + length
    }
    const behind = addressBehind(rest.slice(cited.length), final)
    if (behind === null) return 0
    found.push({ type: 'cited', numbers: cited.numbers, spaceBefore: space })
    last = ']'
    line = 'x'
    const length = space.length + cited.length
    if (behind === '' || looksLikeAddress(behind)) return length + behind.length
    // Words in brackets stay, separate from the marker.
    say(' ')
    return length
  }

  function closing(final: boolean): number {
    if (held.length === 1 && !final) return 0
    const behind = addressBehind(held.slice(1), final)
    if (behind === null) return 0
    const picture = open.pop() ?? false
    say(behind !== '' && !picture && allowsLink(urlIn(behind)) ? `]${behind}` : ']')
    return 1 + behind.length
  }

  return {
    push(words) {
      held += words
      return decide(false)
    },
    end: () => decide(true),
  }
}

/** Where code that begins a line with a run of backticks ends; null: it does not end, or not yet. */
function endOfRun(text: string, length: number, whole: boolean): number | null {
  for (const next of text.slice(length).matchAll(/`+/g)) {
    const end = length + next.index + next[0].length
    // The last run may still grow.
    if (end === text.length && !whole) return null
    if (next[0].length === length) return end
  }
  return null
}

function joined(found: readonly Marked[]): readonly Marked[] {
  const result: Marked[] = []
  for (const next of found) {
    const before = result.at(-1)
    if (next.type === 'text' && before?.type === 'text') {
      result[result.length - 1] = { type: 'text', text: before.text + next.text }
    } else result.push(next)
  }
  return result
}
