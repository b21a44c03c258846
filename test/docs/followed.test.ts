import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'
import { root } from './pages.ts'

interface Named {
  readonly path: string
  readonly name: string
}

/** Every `name()` of a text, in the file that was named last before it. */
function namedIn(text: string): Named[] {
  let path = ''
  return [...text.matchAll(/`(src\/[\w./-]+)`|`(\w+)\(\)`/g)].flatMap(([, file, name]) => {
    if (file !== undefined) path = file
    return name === undefined ? [] : [{ path, name }]
  })
}

/** The functions that a file declares itself. */
function functionsOf(text: string): ReadonlySet<string> {
  const { statements } = ts.createSourceFile('a.ts', text, ts.ScriptTarget.Latest)
  return new Set(
    statements.flatMap((one) => (ts.isFunctionDeclaration(one) && one.name ? [one.name.text] : [])),
  )
}

function missing(text: string, read: (path: string) => string): Named[] {
  return namedIn(text).filter(({ path, name }) => !functionsOf(read(path)).has(name))
}

const [, followed = ''] = /^## Four things followed\n([\s\S]*?)^## /m.exec(
  readFileSync(join(root, 'ARCHITECTURE.md'), 'utf8'),
) ?? ['']

it('the functions that ARCHITECTURE.md follows are where it says', () => {
  expect(followed.match(/^\*\*One /gm)).toHaveLength(4)
  expect(namedIn(followed).length).toBeGreaterThan(25)
  expect(missing(followed, (path) => readFileSync(join(root, path), 'utf8'))).toEqual([])
})

it('a function that went elsewhere is noticed', () => {
  const text = '1. `src/a.ts` `here()`, then `gone()`.'
  const file = 'export async function here() {}\nimport { gone } from "./b.ts"\ngone()'
  expect(missing(text, () => file)).toEqual([{ path: 'src/a.ts', name: 'gone' }])
})
