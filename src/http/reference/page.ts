import * as z from 'zod'
import { errorCatalogue } from '../../core/errors.ts'
import type { Operation } from '../contract/operation.ts'
import { codesOf } from '../openapi.ts'
import { escapeHtml, type Html, html, join } from './html.ts'
import { schemaLines } from './schema-lines.ts'

/** The reference as one page: no script, no style inside it, nothing from elsewhere. */
export function referencePage(operations: readonly Operation[], version: string): string {
  const tags = [...new Set(operations.map((operation) => operation.tag))]
  const of = (tag: string) => operations.filter((operation) => operation.tag === tag)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Revector: HTTP reference</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<a class="skip" href="#main">Skip to the reference</a>
<header><h1>Revector</h1><p>HTTP reference, version ${version}. <a href="/openapi.json">OpenAPI 3.1</a> · <a href="/">Console</a></p></header>
<nav aria-label="Operations">
${join(
  tags.map(
    (tag) =>
      html`<h2>${tag}</h2><ul>${join(
        of(tag).map(
          (
            one,
          ) => html`<li><a href="#${one.id}"><span class="verb ${one.method.toLowerCase()}">${one.method}</span> ${shortPath(one.path)}</a></li>
`,
        ),
      )}</ul>`,
  ),
)}
<h2>more</h2><ul><li><a href="#errors">Errors</a></li></ul>
</nav>
<main id="main">
<section class="intro"><p>Bodies are JSON in UTF-8; unknown fields are refused. Once a key is configured, every request needs
<code>Authorization: Bearer KEY</code>. Lists come in pages: <code>next</code> of one is <code>after</code> of the
following. Every answer carries <code>X-Request-Id</code>. Failures are problem JSON (RFC 9457) with a stable
<code>code</code> and a <code>hint</code>.</p></section>
${join(operations.map(section))}
<section id="errors"><h2>Errors</h2><table><thead><tr><th>code</th><th>status</th><th>meaning</th></tr></thead><tbody>
${join(
  Object.entries(errorCatalogue).map(
    ([code, { status, meaning }]) =>
      html`<tr id="${code}"><td><code>${code}</code></td><td>${String(status)}</td><td>${meaning}</td></tr>
`,
  ),
)}</tbody></table></section>
</main>
</body>
</html>
`.text
}

function shortPath(path: string): string {
  return path.replace('/api/v1', '')
}

function section(operation: Operation): Html {
  const {
    id,
    method,
    path,
    summary,
    description,
    scope,
    params,
    query,
    headers,
    body,
    form,
    responses,
    events,
  } = operation
  const answers = Object.entries(responses).map(([status, schema]) =>
    schema instanceof z.ZodUndefined
      ? html`<h3>Answer ${status}</h3><p>Nothing.</p>`
      : fields(`Answer ${status}`, schema, 'output'),
  )
  const streams = Object.entries(events ?? {}).map(([name, schema]) =>
    fields(`Event ${name}`, schema, 'output'),
  )
  return html`<section id="${id}">
<h2><span class="verb ${method.toLowerCase()}">${method}</span> <code>${path}</code></h2>
<p><strong>${summary}.</strong> ${prose(description ?? '')}</p>
<p class="scope">${scope === null ? 'Needs no key.' : html`Needs a key with <code>${scope}</code>.`}</p>
${fields('Path', params, 'input')}${fields('Query', query, 'input')}${fields('Headers', headers, 'input')}
${fields('Body', body, 'input')}${fields('Form', form, 'input')}
${operation.example === undefined ? html`` : html`<h3>Example</h3><pre>${curl(operation)}</pre>`}
${join(answers)}${join(streams)}
<p class="codes">Refusals: ${join(codesOf(operation).map((code) => html`<a href="#${code}"><code>${code}</code></a> `))}</p>
</section>
`
}

function fields(title: string, schema: z.ZodType | undefined, io: 'input' | 'output'): Html {
  if (schema === undefined) return html``
  const lines = schemaLines(schema, io)
  if (lines.length === 0) return html``
  return html`<h3>${title}</h3><table><thead><tr><th>field</th><th>type</th><th>meaning</th></tr></thead><tbody>
${join(
  lines.map(
    ({ name, type, required, meaning }) =>
      html`<tr><td><code>${name}</code>${required ? html` <span class="required" title="required">*</span>` : html``}</td><td>${type}</td><td>${prose(meaning)}</td></tr>
`,
  ),
)}</tbody></table>`
}

/** Code in back-quotes; nothing else of Markdown is used in the contract. */
function prose(text: string): Html {
  return { text: escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>') }
}

export function curl({ method, path, example }: Operation): string {
  const verb = method === 'POST' ? '' : ` -X ${method}`
  return `curl${verb} http://127.0.0.1:8080${path} \\\n  -H 'content-type: application/json' \\\n  -d '${JSON.stringify(example)}'`
}
