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
    skipLibCheck: true,
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
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const line = file === undefined ? 0 : file.getLineAndCharacterOfPosition(start ?? 0).line + 1
    return `${file?.fileName.slice(root.length) ?? ''}:${line} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}

const publicApi = readFileSync(join(root, 'test/types/public-api.ts'), 'utf8')
const wrong = "import { createRevector } from 'revector'\ncreateRevector({ no: 1 })\n"

/** The pages' blocks that say where their names come from. */
const snippets = pages().flatMap((page) =>
  blocks(page, 'ts')
    .filter((text) => text.includes('import '))
    .map((text, i): [string, string] => [`${page.path.replaceAll('/', '_')}_${i}.mts`, text]),
)

it('the public types and the ts blocks of the pages hold, and a wrong program would be noticed', () => {
  const texts = new Map([['public-api.mts', publicApi], ...snippets, ['wrong.mts', wrong]])
  const placed = new Map([...texts].map(([name, text]) => [join(root, name), text]))
  expect(snippets.length).toBeGreaterThan(4)
  expect(faults(placed)).toEqual([expect.stringMatching(/^wrong\.mts:2 .*'no' does not exist/)])
})
