const tag = /^\s*<(think|thinking|thought|reasoning)>/i
const mayBegin = /^\s*(?:<[a-z]{0,10})?$/i

/**
 * Leaves out what a model thinks aloud before its answer, between `<think>` and `</think>`: open models write it into the
 * text where their server does not know how to tell it apart.
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
      // Of the thoughts only what may be a part of their end is kept.
      held = opening + held.slice(opening.length).slice(-closing.length)
      return ''
    }
    held = held.slice(end + closing.length).trimStart()
    thought = true
    spoken = held !== ''
    return held
  }

  return {
    /** What is said of the next words. */
    push(words: string): string {
      if (spoken) return words
      held = thought ? words : held + words
      return decide(false)
    },
    /** What was held back and was no thought after all. */
    end: (): string => (spoken || thought ? '' : decide(true)),
  }
}
