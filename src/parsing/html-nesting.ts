/** As the parser reads a name: `<td<tr>` is one element. */
const tag = /<(\/?)([a-z][^\s/>]*)/gi

const voidElement =
  /^(?:area|base|basefont|br|col|command|embed|frame|hr|img|input|isindex|keygen|link|meta|param|source|track|wbr)$/

const paragraphs =
  'p h1 h2 h3 h4 h5 h6 address article aside blockquote details div dl fieldset figcaption figure footer form header hr main nav ol pre section table ul'
/** Which open elements an element ends when it begins right inside of them: the parser's own list (htmlparser2). */
const endings: readonly (readonly [names: string, ended: string])[] = [
  [paragraphs, 'p'],
  ['select input output button datalist textarea', 'input option optgroup select button datalist textarea'],
  ['option', 'option'],
  ['optgroup', 'optgroup option'],
  ['dd dt', 'dd dt'],
  ['li', 'li'],
  ['rt rp', 'rt rp'],
  ['tr', 'tr th td'],
  ['th', 'th'],
  ['td', 'thead th td'],
  ['tbody tfoot', 'thead tbody'],
]
const ends: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  endings.flatMap(([names, ended]) => names.split(' ').map((name) => [name, new Set(ended.split(' '))])),
)

/**
 * How many elements are open at once in a page, at most; counted until there are more than `deepest`. An end tag of what is not
 * open ends nothing.
 */
export function nestingOf(source: string, deepest: number): number {
  const open: string[] = []
  const times = new Map<string, number>()
  const isOpen = (name: string): boolean => (times.get(name) ?? 0) > 0
  const leave = (): string | undefined => {
    const name = open.pop()
    if (name !== undefined) times.set(name, (times.get(name) ?? 1) - 1)
    return name
  }
  let most = 0
  let bracket = -1
  for (const { index, 1: slash, 2: written = '' } of source.matchAll(tag)) {
    const name = written.toLowerCase()
    if (slash === '/') {
      while (isOpen(name) && leave() !== name) {}
      continue
    }
    const ended = ends.get(name)
    while (ended?.has(open.at(-1) ?? '')) leave()
    if (voidElement.test(name)) continue
    if (isOpen('svg') || isOpen('math')) {
      // A drawing has thousands of shapes, each of which ends itself.
      if (bracket < index) bracket = source.indexOf('>', index)
      if (bracket === -1) return most
      if (source[bracket - 1] === '/') continue
    }
    open.push(name)
    times.set(name, (times.get(name) ?? 0) + 1)
    most = Math.max(most, open.length)
    if (most > deepest) return most
  }
  return most
}
