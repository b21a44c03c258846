import { crc32, deflateRawSync } from 'node:zlib'

/** Text in an encoding that Node decodes but doesn't encode. */
export function encodeAs(text: string, encoding: string): Uint8Array {
  const decoder = new TextDecoder(encoding)
  const table = new Map<string, number[]>()
  // Node 20 decodes these as control characters.
  if (encoding === 'windows-1252') for (const [sign, byte] of western) table.set(sign, [byte])
  for (let first = 0; first < 256; first++) {
    const single = decoder.decode(Uint8Array.of(first))
    if (single.length === 1 && single !== '\ufffd') {
      if (!table.has(single)) table.set(single, [first])
      continue
    }
    for (let second = 0x40; second < 256; second++) {
      const pair = decoder.decode(Uint8Array.of(first, second))
      if (pair.length === 1 && pair !== '\ufffd' && !table.has(pair)) table.set(pair, [first, second])
    }
  }
  return Uint8Array.from(
    [...text].flatMap((character) => {
      const bytes = table.get(character)
      if (bytes === undefined) throw new Error(`${character} is not in ${encoding}`)
      return bytes
    }),
  )
}

const western: readonly [string, number][] = [
  ['€', 0x80],
  ['„', 0x84],
  ['“', 0x93],
  ['”', 0x94],
  ['–', 0x96],
]

export interface PdfText {
  readonly text: string
  readonly x?: number
  readonly y: number
  readonly size?: number
}

/** A PDF with lines of Helvetica at given places; a page without lines has a picture's outline only. */
export function makePdf(
  pages: readonly (readonly PdfText[])[],
  options: { title?: string; author?: string; encrypted?: boolean } = {},
): Uint8Array {
  const objects: string[] = []
  const add = (body: string): number => objects.push(body)
  const font = add('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>')
  const tree = objects.length + 1
  objects.push('')
  const kids = pages.map((lines) => {
    const content =
      lines.length === 0
        ? '100 100 300 400 re S'
        : lines
            .map(
              ({ text, x = 72, y, size = 12 }) =>
                `BT /F1 ${size} Tf 1 0 0 1 ${x} ${y} Tm (${text.replace(/[()\\]/g, '\\$&')}) Tj ET`,
            )
            .join('\n')
    const stream = add(`<< /Length ${content.length} >>\nstream\n${content}\nendstream`)
    return add(
      `<< /Type /Page /Parent ${tree} 0 R /MediaBox [0 0 612 792] /Contents ${stream} 0 R /Resources << /Font << /F1 ${font} 0 R >> >> >>`,
    )
  })
  objects[tree - 1] =
    `<< /Type /Pages /Count ${kids.length} /Kids [${kids.map((kid) => `${kid} 0 R`).join(' ')}] >>`
  const root = add(`<< /Type /Catalog /Pages ${tree} 0 R >>`)
  const info = add(
    `<< ${options.title === undefined ? '' : `/Title (${options.title})`} ${options.author === undefined ? '' : `/Author (${options.author})`} /CreationDate (D:20260102030405Z) >>`,
  )
  const secret = `<${'ab'.repeat(32)}>`
  const lock =
    options.encrypted === true ? add(`<< /Filter /Standard /V 1 /R 2 /O ${secret} /U ${secret} /P -44 >>`) : 0
  let file = '%PDF-1.4\n'
  const offsets = objects.map((body, index) => {
    const offset = file.length
    file += `${index + 1} 0 obj\n${body}\nendobj\n`
    return offset
  })
  const start = file.length
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`
  for (const offset of offsets) file += `${String(offset).padStart(10, '0')} 00000 n \n`
  const encryption =
    lock === 0
      ? ''
      : `/Encrypt ${lock} 0 R /ID [<00112233445566778899aabbccddeeff> <00112233445566778899aabbccddeeff>]`
  file += `trailer\n<< /Size ${objects.length + 1} /Root ${root} 0 R /Info ${info} 0 R ${encryption} >>\nstartxref\n${start}\n%%EOF\n`
  return new Uint8Array(Buffer.from(file, 'latin1'))
}

/** Lines one below the other from the top of a page. */
export function lines(
  texts: readonly string[],
  options: { top?: number; size?: number; leading?: number } = {},
): PdfText[] {
  const { top = 720, size = 12, leading = 14 } = options
  return texts.map((text, index) => ({ text, y: top - index * leading, size }))
}

export interface ZipPart {
  readonly name: string
  readonly content: string | Uint8Array
  /** The size the archive claims the part unpacks to, where it lies. */
  readonly claimedSize?: number
}

export function makeZip(parts: readonly ZipPart[]): Uint8Array {
  const locals: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const { name, content, claimedSize } of parts) {
    const data = Buffer.from(content)
    const packed = deflateRawSync(data)
    const header = Buffer.alloc(30)
    header.writeUInt32LE(0x04034b50, 0)
    header.writeUInt16LE(20, 4)
    header.writeUInt16LE(8, 8)
    header.writeUInt32LE(crc32(data), 14)
    header.writeUInt32LE(packed.length, 18)
    header.writeUInt32LE(claimedSize ?? data.length, 22)
    header.writeUInt16LE(Buffer.byteLength(name), 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(20, 4)
    entry.writeUInt16LE(20, 6)
    header.copy(entry, 10, 8, 28)
    entry.writeUInt32LE(offset, 42)
    locals.push(header, Buffer.from(name), packed)
    central.push(entry, Buffer.from(name))
    offset += 30 + Buffer.byteLength(name) + packed.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(parts.length, 8)
  end.writeUInt16LE(parts.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return new Uint8Array(Buffer.concat([...locals, directory, end]))
}

const wordNamespace = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
const officeNamespace = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'

/** A Word document with this body; `parts` are added or replace its own. */
export function makeDocx(body: string, parts: readonly ZipPart[] = []): Uint8Array {
  const own: ZipPart[] = [
    {
      name: '[Content_Types].xml',
      content:
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>',
    },
    {
      name: '_rels/.rels',
      content: `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${officeNamespace}/officeDocument" Target="word/document.xml"/></Relationships>`,
    },
    {
      name: 'word/_rels/document.xml.rels',
      content: `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="${officeNamespace}/styles" Target="styles.xml"/></Relationships>`,
    },
    {
      name: 'word/styles.xml',
      content: `<?xml version="1.0"?><w:styles ${wordNamespace}>${['Title', 'Heading 1', 'Heading 2'].map((name) => `<w:style w:type="paragraph" w:styleId="${name.replace(' ', '')}"><w:name w:val="${name}"/></w:style>`).join('')}</w:styles>`,
    },
    {
      name: 'word/document.xml',
      content: `<?xml version="1.0"?><w:document ${wordNamespace}><w:body>${body}</w:body></w:document>`,
    },
  ]
  const names = new Set(parts.map((part) => part.name))
  return makeZip([...own.filter((part) => !names.has(part.name)), ...parts])
}

export function wordParagraph(text: string, style?: string): string {
  const properties = style === undefined ? '' : `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`
  return `<w:p>${properties}<w:r><w:t xml:space="preserve">${text}</w:t></w:r></w:p>`
}

export function wordTable(rows: readonly (readonly string[])[]): string {
  const cells = (row: readonly string[]): string =>
    row.map((cell) => `<w:tc>${wordParagraph(cell)}</w:tc>`).join('')
  return `<w:tbl>${rows.map((row) => `<w:tr>${cells(row)}</w:tr>`).join('')}</w:tbl>`
}
