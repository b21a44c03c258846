import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ts from 'typescript'
import { schemaTypes } from './schema-types.mjs'

/** The public calls with their comments, and every shape that can be reached from them, out of the sources. */
export async function libraryPage(src, dist) {
  const types = await schemaTypes(src, dist)
  const sources = sourcesBelow(src, types)
  const file = join(src, 'library', 'revector.ts')
  const main = sources.find('Revector', file).node
  const written = (call, name) =>
    `${name}\n\n${comment(call)}${fenced(call.getText().replace(/\n {2}/g, '\n'))}`
  const shown = new Set([main])
  const groups = main.members.map((group) => {
    const name = group.name.getText()
    if (ts.isMethodSignature(group)) return written(group, `## revector.${name}`)
    const { node } = sources.find(group.type.typeName.text, file)
    shown.add(node)
    const calls = node.members
      .filter(ts.isMethodSignature)
      .map((call) => written(call, `### ${name}.${call.name.getText()}`))
    return `## revector.${name}\n\n${calls.join('\n\n')}`
  })
  const options = sources.find('CreateOptions', file)
  const shapes = sources
    .reachable([{ node: main, file: file }, options])
    .filter(({ node }) => !shown.has(node))
    .map(
      ({ node }) =>
        `### ${node.name.text}\n\n${comment(node)}${fenced(types.written(node.getText().replace(/^export /, '')))}`,
    )
  return `# Library

\`\`\`ts
import { createRevector } from 'revector'

const revector = await createRevector({ /* options: see configuration.md */ })
await revector.db.initialize()
// …
await revector.db.close()
\`\`\`

Every long call takes \`signal\` (an \`AbortSignal\`) and \`onProgress\`. Every failure is a \`RevectorError\`
([errors](errors.md)). \`revector/testing\` has a conformance suite for embedding models of your own.
\`revector/langchain\` and \`revector/ai-sdk\` are [for frameworks](../guides/use-from-frameworks.md).

${groups.join('\n\n')}

## Shapes

${shapes.join('\n\n')}
`
}

/** Declarations of the sources by name, found the way an import finds them. */
function sourcesBelow(src, types) {
  const parsed = new Map()
  const open = (file) => {
    if (!parsed.has(file)) {
      parsed.set(file, ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true))
    }
    return parsed.get(file)
  }
  const find = (name, file) => {
    for (const statement of open(file).statements) {
      const declares = ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)
      if (declares && statement.name.text === name) return { node: statement, file }
      const names = namesOf(statement)
      const from = statement.moduleSpecifier?.text
      if (from?.startsWith('.') && names.includes(name)) return find(name, join(dirname(file), from))
    }
    return undefined
  }
  const reachable = (start) => {
    const found = new Map(start.map((each) => [each.node, each]))
    // A map grows while it is walked.
    for (const { node, file } of found.values()) {
      const follow = (name, from) => {
        const target = find(name, from)
        if (target?.file.startsWith(src)) found.set(target.node, target)
      }
      const visit = (inner) => {
        const name = ts.isTypeReferenceNode(inner)
          ? inner.typeName
          : ts.isExpressionWithTypeArguments(inner)
            ? inner.expression
            : undefined
        if (name && ts.isIdentifier(name) && name.text !== 'Of') follow(name.text, file)
        ts.forEachChild(inner, visit)
      }
      visit(node)
      for (const used of types.namesIn(node.getText())) follow(used.name, used.file)
    }
    return [...found.values()]
  }
  return { find, reachable }
}

function namesOf(statement) {
  const clause = ts.isImportDeclaration(statement)
    ? statement.importClause?.namedBindings
    : ts.isExportDeclaration(statement)
      ? statement.exportClause
      : undefined
  if (clause === undefined) return []
  const named = ts.isNamedImports(clause) || ts.isNamedExports(clause)
  return named ? clause.elements.map((each) => each.name.text) : []
}

const fenced = (code) => `\`\`\`ts\n${code}\n\`\`\``

function comment(node) {
  const texts = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  const lines = texts.flatMap((doc) => [
    ts.getTextOfJSDocComment(doc.comment) ?? '',
    ...(doc.tags ?? []).map((tag) => `*${tag.tagName.text}* ${ts.getTextOfJSDocComment(tag.comment) ?? ''}`),
  ])
  const text = lines.filter((line) => line !== '').join('\n\n')
  return text === '' ? '' : `${text}\n\n`
}
