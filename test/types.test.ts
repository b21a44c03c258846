import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { blocks, pages, root } from './docs/pages.ts'

/** Compiles texts as if they were files of a program that has the package installed. */
function faults(texts: ReadonlyMap<string, string>): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    // The declarations that are shipped are checked along.
    skipLibCheck: false,
    skipDefaultLibCheck: true,
    rootDir: root,
  }
  const host = ts.createCompilerHost(options)
  const { readFile, fileExists, getSourceFile } = host
  host.fileExists = (file) => texts.has(file) || fileExists(file)
  host.readFile = (file) => texts.get(file) ?? readFile(file)
  host.getSourceFile = (file, version, ...rest) => {
    const text = texts.get(file)
    return text === undefined
      ? getSourceFile(file, version, ...rest)
      : ts.createSourceFile(file, text, version)
  }
  const program = ts.createProgram([...texts.keys()], options, host)
  return ts
    .getPreEmitDiagnostics(program)
    .filter(({ file }) => file === undefined || texts.has(file.fileName) || file.fileName.includes('/dist/'))
    .map(({ file, start, messageText }) => {
      const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1
      return `${file?.fileName.slice(root.length) ?? ''}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
    })
}

const publicApi = readFileSync(join(root, 'test/types/public-api.ts'), 'utf8')

it('the public types accept what they should and refuse what they should', () => {
  expect(faults(new Map([[join(root, 'types-under-test.mts'), publicApi]]))).toEqual([])
})

it('the ts blocks of the pages compile', () => {
  const snippets = pages().flatMap((page) =>
    blocks(page, 'ts')
      .filter((text) => text.includes('import '))
      .map((text, i): [string, string] => [join(root, `${page.path.replaceAll('/', '_')}_${i}.mts`), text]),
  )
  expect(snippets.length).toBeGreaterThan(4)
  expect(faults(new Map(snippets))).toEqual([])
})

it('would notice a wrong one', () => {
  const wrong = "import { createRevector } from 'revector'\ncreateRevector({ no: 1 })\n"
  expect(faults(new Map([[join(root, 'wrong.mts'), wrong]]))).toEqual([
    expect.stringContaining("'no' does not exist"),
  ])
})
