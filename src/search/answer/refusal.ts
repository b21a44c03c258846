/** The words that the language model must write if the passages do not answer the question. */
export const notInPassages = 'NOT_IN_PASSAGES'

/** As models write it: in quotes or bold, with escaped underscores, in small letters. */
const before = '[\\s"\u0027`*_.([“]*'
const mark = 'not[\\\\_\\s]{1,2}in[\\\\_\\s]{1,2}passages'
const refusal = new RegExp(`^${before}${mark}`, 'i')
const beginning = new RegExp(`^${before}[a-z\\\\_\\s]*$`, 'i')
const letters = notInPassages.replaceAll('_', '').toLowerCase()

/** Whether the text begins with the refusal. */
export function refuses(words: string): boolean {
  return refusal.test(words)
}

/** Whether the first words may still become it. */
export function mayRefuse(words: string): boolean {
  const said = words.replace(/[^a-z]/gi, '').toLowerCase()
  return beginning.test(words) && said !== letters && letters.startsWith(said)
}

const within = /["'`*]*NOT\\?_IN\\?_PASSAGES["'`*]*\.?/g
/** What may still become it, at the end of a piece. */
const undecided = /["'`*]*(?:N|NO|NOT[A-Z_\\]{0,14})$/

/** Removes the refusal from words that precede it. */
export function refusalFilter() {
  let held = ''
  let found = false
  return {
    push(words: string, final: boolean): string {
      held = (held + words).replace(within, () => {
        found = true
        return ''
      })
      const at = final ? -1 : held.search(undecided)
      const passed = at < 0 ? held : held.slice(0, at)
      held = at < 0 ? '' : held.slice(at)
      return passed
    },
    get found() {
      return found
    },
  }
}
