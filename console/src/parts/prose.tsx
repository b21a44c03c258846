import type { ComponentChildren } from 'preact'

/**
 * A passage as people read it: of its Markdown, headings, code, bold and links are shown as what they are. Only text
 * is ever made of it, so whatever a document holds stays text.
 */
export function Prose({ text }: { text: string }) {
  const blocks = text.split(/^(```[\s\S]*?(?:^```[^\n]*\n?|$(?![\s\S])))/m)
  return (
    <div class="passage">
      {blocks.map((block, at) =>
        block.startsWith('```') ? (
          <div class="prose-code" key={`${at}`}>
            {block.replace(/^```[^\n]*\n?/, '').replace(/\n?```\s*$/, '')}
          </div>
        ) : (
          paragraphs(block).map((paragraph) => <Paragraph key={paragraph.place} text={paragraph.text} />)
        ),
      )}
    </div>
  )
}

function paragraphs(block: string): readonly { text: string; place: number }[] {
  return block
    .split(/\n{2,}/)
    .map((text, place) => ({ text: text.trim(), place }))
    .filter(({ text }) => text !== '')
}

function Paragraph({ text }: { text: string }) {
  if (/^\|.*\|/m.test(text)) {
    const rows = text.split('\n').filter((row) => !/^\|[\s:|-]+\|$/.test(row.trim()))
    return <div class="prose-code">{rows.join('\n')}</div>
  }
  const heading = /^#{1,6}\s+(.*)/.exec(text)
  if (heading === null) return <p>{inline(text)}</p>
  const rest = text.slice(heading[0].length).trim()
  return (
    <>
      <p class="prose-head">{inline(heading[1] ?? '')}</p>
      {rest !== '' && <p>{inline(rest)}</p>}
    </>
  )
}

function inline(text: string): ComponentChildren {
  // Lines that were only wrapped flow again; those of a list stay lines.
  const flowing = text.replace(/\n(?!\s*(?:[-*+]|\d+[.)])\s)/g, ' ')
  return flowing.split(/(`[^`\n]+`|\*\*[^*\n]+\*\*|\[[^\]\n]+\]\([^)\n]*\))/).map((part) => {
    if (/^`.+`$/.test(part)) return <code>{part.slice(1, -1)}</code>
    if (/^\*\*.+\*\*$/.test(part)) return <strong>{part.slice(2, -2)}</strong>
    return /^\[([^\]]+)\]\(/.exec(part)?.[1] ?? part
  })
}
