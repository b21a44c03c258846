import { Marked } from 'marked'

/**
 * The pages of the HTTP API and of the errors as the one page of HTML that the service serves at `/docs`: no script, no
 * style inside it, no mark-up but what Markdown makes, nothing from elsewhere.
 */
export function referenceHtml(httpPage, errorsPage, version) {
  const marked = new Marked()
  const http = marked.lexer(httpPage)
  const errors = marked.lexer(errorsPage).map(anchored)
  const tokens = [...http, ...errors].filter(({ type }) => type !== 'space')
  // Hints name operations as they are spelt; links between pages of Markdown are in lower case.
  const operations = http.filter(({ type, depth }) => type === 'heading' && depth === 3)
  const ids = new Map(operations.map(({ text }) => [slug(text), text]))
  const idOf = (anchor) => ids.get(anchor) ?? anchor
  const codes = new Set(errors.flatMap(codesIn).map(({ text }) => text))
  marked.use({
    renderer: {
      html: ({ text }) => escaped(text),
      heading({ tokens, text, depth }) {
        return `<h${depth} id="${idOf(slug(text))}">${this.parser.parseInline(tokens)}</h${depth}>\n`
      },
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens)
        const [, anchor] = /^(?:errors\.md)?#(.+)$/.exec(href.replace(/^errors\.md$/, '#errors')) ?? []
        return anchor === undefined ? text : `<a href="#${idOf(anchor)}">${text}</a>`
      },
      codespan({ text, anchor }) {
        const code = `<code${anchor === true ? ` id="${text}"` : ''}>${escaped(text)}</code>`
        return codes.has(text) && anchor !== true ? `<a href="#${text}">${code}</a>` : code
      },
    },
  })
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Revector: HTTP reference</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<a class="skip" href="#main">Skip to the reference</a>
<header><p><strong>Revector</strong> ${version} · <a href="/openapi.json">OpenAPI 3.1</a> · <a href="/">Console</a></p></header>
<nav aria-label="Operations">
${navigation(tokens, idOf)}<h2>more</h2><ul><li><a href="#errors">Errors</a></li></ul>
</nav>
<main id="main">
${marked.parser(tokens)}</main>
</body>
</html>
`
}

/** The tables of operations that stand under each heading of the page. */
function navigation(tokens, idOf) {
  return tokens
    .map((token, at) => {
      const links = token.rows?.flatMap(([first]) => first.tokens.filter(({ type }) => type === 'link')) ?? []
      if (links.length === 0) return ''
      const entries = links.map(({ href, tokens: [{ text }] }) => {
        const [verb, path] = text.split(' ')
        const name = `<span class="verb">${verb}</span> ${escaped(path.replace('/api/v1', ''))}`
        return `<li><a href="#${idOf(href.slice(1))}">${name}</a></li>`
      })
      return `<h2>${escaped(tokens[at - 1].text.replace(': overview', ''))}</h2><ul>${entries.join('\n')}</ul>\n`
    })
    .join('')
}

/** A level down, under the one title of the page; each code in the tables can be linked to. */
function anchored(token) {
  if (token.type === 'heading') return { ...token, depth: token.depth + 1 }
  for (const code of codesIn(token)) code.anchor = true
  return token
}

const codesIn = (token) => token.rows?.map(([first]) => first.tokens[0]) ?? []

const slug = (text) =>
  text
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')

const entities = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text) => text.replace(/[&<>"]/g, (character) => entities[character])
