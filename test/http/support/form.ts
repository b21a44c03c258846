export interface Part {
  readonly name: string
  readonly filename?: string
  readonly content: string | Buffer
}

const boundary = 'revector-test-boundary'

/** A form as browsers send it. */
export function form(deps: readonly Part[], end = `--${boundary}--\r\n`) {
  const pieces = deps.flatMap(({ name, filename, content }) => {
    const file = filename === undefined ? '' : `; filename="${filename}"`
    return [
      Buffer.from(`--${boundary}\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n`),
      Buffer.from(content),
      Buffer.from('\r\n'),
    ]
  })
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    raw: { payload: Buffer.concat([...pieces, Buffer.from(end)]) },
  }
}

export const file = (filename: string, content: string | Buffer): Part => ({
  name: 'files',
  filename,
  content,
})
