/** The part of a pdf.js text run that is used here. */
export interface TextItem {
  readonly str: string
  /** a, b, c, d, x, y. */
  readonly transform: readonly number[]
  readonly width: number
  readonly height: number
  readonly hasEOL: boolean
}

/** A line of a page; lengths in points, `y` upwards from the page's lower edge. */
export interface PageLine {
  readonly text: string
  readonly left: number
  readonly right: number
  readonly y: number
  readonly size: number
}

/** Runs of one line joined, in the order of the page's content. Spaces between runs are pdf.js's own. */
export function pageLines(items: readonly TextItem[]): PageLine[] {
  const lines: PageLine[] = []
  let text = ''
  let left = 0
  let right = 0
  let y = 0
  let size = 0
  const finish = (): void => {
    const trimmed = text.replace(/\s+/g, ' ').trim()
    if (trimmed !== '') lines.push({ text: trimmed, left, right, y, size })
    text = ''
  }
  for (const item of items) {
    const [a = 0, b = 0, , , x = 0, baseline = 0] = item.transform
    const height = item.height > 0 ? item.height : Math.hypot(a, b)
    if (item.str.trim() !== '') {
      const fresh = text.trim() === ''
      if (!fresh && Math.abs(baseline - y) > Math.max(size, height) * 0.6) finish()
      if (text.trim() === '') {
        text = ''
        left = x
        right = x
        y = baseline
        size = height
      }
      right = Math.max(right, x + item.width)
      size = Math.max(size, height)
    }
    text += item.str
    if (item.hasEOL) finish()
  }
  finish()
  return lines
}
