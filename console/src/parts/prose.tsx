import type { ComponentChildren } from 'preact'
import { useMemo } from 'preact/hooks'
import { type Block, blocksOf } from '../markdown/blocks.ts'
import type { Span } from '../markdown/spans.ts'

/** Offsets in the source of a passage, half-open. */
export interface Stretch {
  readonly from: number
  readonly to: number
}

type ShowText = (text: string) => ComponentChildren

/** A formatted passage. A document's content only becomes text nodes, so HTML in it is never interpreted.
 * @param marked the part of the source to highlight
 * @param show renders a piece of text; by default as plain text
 */
export function Prose({ text, marked, show }: { text: string; marked?: Stretch; show?: ShowText }) {
  const blocks = useMemo(() => blocksOf(text), [text])
  return <Blocks blocks={blocks} marked={marked} {...(show === undefined ? {} : { show })} />
}

export function Blocks({
  blocks,
  marked,
  show = (text) => text,
}: {
  blocks: readonly Block[]
  marked?: Stretch
  show?: ShowText
}) {
  const words = (spans: readonly Span[]): ComponentChildren =>
    spans.map((span) => <Words key={span.at} span={span} marked={marked} show={show} />)
  return (
    <div class="passage" dir="auto">
      {blocks.map((block, at) => (
        <BlockView key={at} block={block} words={words} />
      ))}
    </div>
  )
}

function BlockView({ block, words }: { block: Block; words: (spans: readonly Span[]) => ComponentChildren }) {
  switch (block.kind) {
    case 'head':
      return (
        <p class="prose-head" dir="auto">
          {words(block.spans)}
        </p>
      )
    case 'code':
      return (
        <div class="prose-code" dir="ltr">
          {words(block.spans)}
        </div>
      )
    case 'item':
      return (
        <p class={`prose-item depth-${block.depth}`} dir="auto">
          <span class="prose-sign">{block.sign}</span>
          <span>{words(block.spans)}</span>
        </p>
      )
    case 'table':
      return (
        <div class="prose-table scroll">
          <table>
            <tbody>
              {block.rows.map((row, at) => (
                <tr key={at}>
                  {row.cells.map((cell, place) =>
                    row.head ? (
                      <th key={place} scope="col">
                        {words(cell)}
                      </th>
                    ) : (
                      <td key={place}>{words(cell)}</td>
                    ),
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )
    default:
      return (
        <p class={block.kind === 'quote' ? 'prose-quote' : undefined} dir="auto">
          {words(block.spans)}
        </p>
      )
  }
}

function Words({ span, marked, show }: { span: Span; marked: Stretch | undefined; show: ShowText }) {
  const { text, at } = span
  const from = Math.min(text.length, Math.max(0, (marked?.from ?? 0) - at))
  const to = Math.max(from, Math.min(text.length, (marked?.to ?? 0) - at))
  const plain = span.code === true ? (piece: string) => piece : show
  const words =
    from === to ? (
      plain(text)
    ) : (
      <>
        {plain(text.slice(0, from))}
        <mark>{plain(text.slice(from, to))}</mark>
        {plain(text.slice(to))}
      </>
    )
  if (span.code === true) return <code>{words}</code>
  const leaning = span.em === true ? <em>{words}</em> : words
  return span.strong === true ? <strong>{leaning}</strong> : leaning
}
