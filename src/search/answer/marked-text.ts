/** What is left of a language model's words: text, and the places where a passage is cited. */
export type Marked =
  | { readonly type: 'text'; readonly text: string }
  /** Numbers of passages as the model wrote them, whether or not there are such passages. */
  | { readonly type: 'cited'; readonly numbers: readonly number[]; readonly spaceBefore: string }

export interface MarkedText {
  /** Takes the next words; gives what can be decided of all that came. */
  push(words: string): readonly Marked[]
  /** What is left. */
  end(): readonly Marked[]
}

const special = /[ \t]*[[【]|[`\]\u202a-\u202e\u2066-\u2069]|(?![\n\t])\p{Cc}/u
const number = /\d{1,3}/g
/** `[1]`, `[1, 2]`, `[1-3]`, `[[1]]`, `[passage 1]`, `【1†source】`. */
const marker =
  /^(?:\[\[?|【)\s*(?:passages?\s*)?(\d{1,3}(?:\s*(?:,|;|–|-|and|&)\s*(?:passages?\s*)?\d{1,3})*)(?:†[^\]】\n]{0,60})?\s*(?:\]\]?|】)/i
/** What may still become one. */
const beginning = /^(?:\[\[?|【)\s*(?:p[a-z]{0,8}\s*)?[\d\s,;–&and-]*(?:†[^\]】\n]{0,60})?\]?$/i
const looksLikeUrl = /^:|^\(\s*<?(?:[a-z][a-z0-9+.-]*:|\/|#|www\.)/i
const longestUrl = 2_000
const widestRange = 20

/**
 * Finds citations in words that come piece by piece: whatever may be the beginning of one is held back until it is decided.
 * In code a bracket is a bracket. An address behind a bracket, which would be a link or a picture, is let through only when
 * `allowsLink` knows it: an address that a hostile passage made up could carry the question away. Controls are left out.
 */
export function markedText(allowsLink: (url: string) => boolean): MarkedText {
  let held = ''
  /** The run of backticks that ends the code, or null outside. */
  let code: string | null = null
  /** Of brackets that are open: whether an exclamation mark made them a picture. */
  const open: boolean[] = []
  let last = ''

  function decide(final: boolean): readonly Marked[] {
    const found: Marked[] = []
    const say = (text: string): void => {
      if (text === '') return
      last = text.slice(-1)
      found.push({ type: 'text', text })
    }
    for (;;) {
      if (held === '') break
      const taken = code === null ? prose(final, say, found) : inCode(final, say)
      if (taken === 0) break
      held = held.slice(taken)
    }
    return joined(found)
  }

  /** How many characters were dealt with; 0: more must come first. */
  function inCode(final: boolean, say: (text: string) => void): number {
    const fence = code ?? ''
    const inline = fence.length < 3
    const ends = [held.indexOf(fence), inline ? held.indexOf('\n') : -1].filter((at) => at >= 0)
    const at = Math.min(...ends)
    if (Number.isFinite(at)) {
      code = null
      const length = held[at] === '\n' ? 1 : fence.length
      say(held.slice(0, at + length))
      return at + length
    }
    const keep = final ? 0 : fence.length - 1
    const taken = Math.max(0, held.length - keep)
    say(held.slice(0, taken))
    return taken
  }

  function prose(final: boolean, say: (text: string) => void, found: Marked[]): number {
    const match = special.exec(held)
    if (match === null) {
      // White space may stand before a citation that is to be taken out.
      const text = final ? held : held.trimEnd()
      say(text)
      return text.length
    }
    if (match.index > 0) {
      say(held.slice(0, match.index))
      return match.index
    }
    const space = match[0].match(/^[ \t]*/)?.[0] ?? ''
    const rest = held.slice(space.length)
    switch (rest.charAt(0)) {
      case '`':
        return backticks(rest, final, say)
      case ']':
        return closing(rest, final, say)
      case '[':
      case '【':
        return opening(rest, { space, final }, say, found)
      default:
        return 1
    }
  }

  function backticks(rest: string, final: boolean, say: (text: string) => void): number {
    const run = /^`+/.exec(rest)?.[0] ?? '`'
    if (run.length === rest.length && !final) return 0
    code = run
    say(run)
    return run.length
  }

  function opening(
    rest: string,
    { space, final }: { readonly space: string; readonly final: boolean },
    say: (text: string) => void,
    found: Marked[],
  ): number {
    const cited = marker.exec(rest)
    // `[1]` may be followed by the second bracket of `[[1]]`, or be the words of a link.
    const undecided = cited === null ? beginning.test(rest) : cited[0].length === rest.length
    if (undecided && !final) return 0
    if (cited === null) {
      open.push(space === '' && last === '!')
      say(space + rest.charAt(0))
      return space.length + 1
    }
    const address = addressAfter(rest.slice(cited[0].length), final)
    if (address === null) return 0
    found.push({ type: 'cited', numbers: numbersOf(cited[1] ?? ''), spaceBefore: space })
    last = ']'
    const length = space.length + cited[0].length
    if (address === '' || looksLikeUrl.test(address)) return length + address.length
    // Words in brackets: kept, apart from the marker.
    say(' ')
    return length
  }

  function closing(rest: string, final: boolean, say: (text: string) => void): number {
    if (rest.length === 1 && !final) return 0
    const after = rest.slice(1)
    const address = addressAfter(after, final)
    if (address === null) return 0
    const picture = open.pop() ?? false
    const url = /^\(\s*<?([^\s>)]*)/.exec(address)?.[1] ?? ''
    say(address !== '' && !picture && allowsLink(url) ? `]${address}` : ']')
    return 1 + address.length
  }

  return {
    push(words) {
      held += words
      return decide(false)
    },
    end: () => decide(true),
  }
}

/** `(url)` or `: url` directly behind a bracket; empty: none; null: it has not come whole. */
function addressAfter(text: string, final: boolean): string | null {
  const definition = /^:[ \t]*<?(?:https?|data|ftp|file|javascript):\S*/i.exec(text)
  if (definition !== null) return definition[0].length === text.length && !final ? null : definition[0]
  if (!text.startsWith('(')) return !final && /^:[ \t]*<?[a-z]{0,10}$/i.test(text) ? null : ''
  let depth = 0
  for (let at = 0; at < text.length && at < longestUrl; at += 1) {
    const character = text.charAt(at)
    // Only an address that breaks off is followed by a new line.
    if (character === '\n') return text.slice(0, at)
    if (character === '(') depth += 1
    if (character === ')') depth -= 1
    if (depth === 0) return text.slice(0, at + 1)
  }
  return final || text.length >= longestUrl ? text : null
}

function numbersOf(list: string): readonly number[] {
  const numbers: number[] = []
  for (const part of list.split(/[,;&]|and/)) {
    const [from, to] = [...part.matchAll(number)].map(([digits]) => Number(digits))
    if (from === undefined) continue
    numbers.push(from)
    const end = Math.min(to ?? from, from + widestRange)
    for (let next = from + 1; next <= end; next += 1) numbers.push(next)
  }
  return numbers
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
