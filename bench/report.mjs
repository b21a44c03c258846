// Figures → a table for people, JSON for programs, a picture for the documentation.
//
// A figure: { id, title, value, unit, better: 'lower' | 'higher', target?, detail }.

export const passes = ({ value, better, target }) =>
  target === undefined ? null : better === 'lower' ? value <= target : value >= target

const verdict = (figure) => ({ true: 'ok', false: 'MISSED', null: '' })[String(passes(figure))]

export const number = (value) =>
  value >= 1000
    ? Math.round(value).toLocaleString('en')
    : value >= 100
      ? value.toFixed(0)
      : value >= 10
        ? value.toFixed(1)
        : value.toFixed(2)

const targetText = ({ better, target, unit }) =>
  target === undefined ? '' : `${better === 'lower' ? '≤' : '≥'} ${number(target)}${unit}`

export function table(figures) {
  const rows = [
    ['', 'measured', 'target', '', ''],
    ...figures.map((figure) => [
      figure.title,
      `${number(figure.value)}${figure.unit}`,
      targetText(figure),
      verdict(figure),
      figure.detail,
    ]),
  ]
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows
    .map((row) =>
      row.map((cell, i) => (i === 1 || i === 2 ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))),
    )
    .map((row) => row.join('  ').trimEnd())
    .join('\n')
}

const escaped = (text) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c])

/** One bar a figure, its length in parts of the target: the line is where the target lies. */
export function picture(figures) {
  const order = ['search', 'recall', 'ingest', 'capture', 'upgrade', 'embedded', 'memory']
  const place = ({ id }) => order.indexOf(id.slice(0, id.indexOf('/')))
  const measured = figures
    .filter((figure) => figure.target !== undefined)
    .sort((a, b) => place(a) - place(b) || a.id.localeCompare(b.id, 'en', { numeric: true }))
  const dates = [...new Set(measured.map(({ run }) => run.date))].sort().join(', ')
  const machines = [...new Set(measured.map(({ run }) => run.machine))].join('; ')
  const [left, right, row, top] = [330, 230, 26, 64]
  const width = 960
  const unit = (width - left - right) / 2
  const height = top + measured.length * row + 34
  const bars = measured.map((figure, i) => {
    const share = Math.min(2, figure.value / figure.target)
    const y = top + i * row
    const colour = passes(figure) ? '#2f7d5b' : '#b4472f'
    return [
      `<text x="${left - 10}" y="${y + 15}" text-anchor="end">${escaped(figure.title)}</text>`,
      `<rect x="${left}" y="${y + 4}" width="${(share * unit).toFixed(1)}" height="14" rx="2" fill="${colour}"/>`,
      `<text x="${width - right + 10}" y="${y + 15}" class="figure">${escaped(`${number(figure.value)}${figure.unit}`)}</text>`,
      `<text x="${width - 16}" y="${y + 15}" text-anchor="end" class="target">${escaped(`${figure.better === 'lower' ? '≤' : '≥'} ${number(figure.target)}`)}</text>`,
    ].join('\n')
  })
  const line = left + unit
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Revector measured against its targets">
<style>
  text { font: 13px system-ui, sans-serif; fill: #24292f } .figure { font-weight: 600 } .target { font-weight: 400; fill: #6e7781 }
  .title { font-size: 16px; font-weight: 600 } .note { font-size: 12px; fill: #6e7781 }
</style>
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="16" y="26" class="title">Measured against the targets</text>
<text x="16" y="46" class="note">Bars in parts of the target (the line). Green: held. ${escaped(`${machines}, ${dates}`)}</text>
${bars.join('\n')}
<line x1="${line}" y1="${top - 6}" x2="${line}" y2="${top + measured.length * row + 4}" stroke="#24292f" stroke-dasharray="3 3"/>
<text x="${line}" y="${height - 12}" class="note" text-anchor="middle">target</text>
</svg>
`
}
