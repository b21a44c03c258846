const tag = /^\s*<(think|thinking|thought|reasoning)>/i
const mayBegin = /^\s*(?:<[a-z]{0,10})?$/i

/**
 * Drops what a model writes between `<think>` and `</think>` before its answer: open models put their reasoning
 * into the text if their server does not separate it.
 */
export function withoutThinking() {
  let held = ''
  let thought = false
  let spoken = false

  function decide(final: boolean): string {
    if (thought) {
      const said = held.trimStart()
      spoken = said !== ''
      return said
    }
    if (!final && mayBegin.test(held)) return ''
    const [opening, name] = tag.exec(held) ?? []
    if (opening === undefined || name === undefined) {
      spoken = true
      return held
    }
    const closing = `</${name}>`
    const end = held.toLowerCase().indexOf(closing.toLowerCase(), opening.length)
    if (end < 0) {
      // Of the reasoning, keep only what may be the start of the closing tag.
      held = opening + held.slice(opening.length).slice(-closing.length)
      return ''
    }
    held = held.slice(end + closing.length).trimStart()
    thought = true
    spoken = held !== ''
    return held
  }

  return {
    /** The part of the next words that belongs to the answer. */
    push(words: string): string {
      if (spoken) return words
      held = thought ? words : held + words
      return decide(false)
    },
    /** What was held back and turned out to be no reasoning. */
    end: (): string => (spoken || thought ? '' : decide(true)),
  }
}
