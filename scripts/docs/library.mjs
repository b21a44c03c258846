import ts from 'typescript'

/** The public calls with their comments, out of the text of `src/interface.ts`. */
export function libraryPage(text) {
  const file = ts.createSourceFile('interface.ts', text, ts.ScriptTarget.Latest, true)
  const interfaces = file.statements.filter(ts.isInterfaceDeclaration)
  const main = interfaces.find((declaration) => declaration.name.text === 'Revector')
  const groups = main.members.filter(ts.isPropertySignature).map((group) => {
    const calls = group.type.members.filter(ts.isMethodSignature).map((call) => {
      const name = `${group.name.getText()}.${call.name.getText()}`
      const code = call.getText().replace(/\n {4}/g, '\n')
      return `### ${name}\n\n${comment(call)}\`\`\`ts\n${code}\n\`\`\``
    })
    return `## revector.${group.name.getText()}\n\n${calls.join('\n\n')}`
  })
  const types = interfaces
    .filter((declaration) => declaration !== main)
    .map(
      (declaration) =>
        `### ${declaration.name.text}\n\n${comment(declaration)}\`\`\`ts\n${code(declaration)}\n\`\`\``,
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

${groups.join('\n\n')}

## Shapes

${types.join('\n\n')}
`
}

const code = (declaration) => declaration.getText().replace(/^export /, '')

function comment(node) {
  const texts = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc)
  const lines = texts.flatMap((doc) => [
    ts.getTextOfJSDocComment(doc.comment) ?? '',
    ...(doc.tags ?? []).map((tag) => `*${tag.tagName.text}* ${ts.getTextOfJSDocComment(tag.comment) ?? ''}`),
  ])
  const text = lines.filter((line) => line !== '').join('\n\n')
  return text === '' ? '' : `${text}\n\n`
}
