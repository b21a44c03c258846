/** docs/reference/http.md from the OpenAPI document: what the service serves at /openapi.json. */
export function httpPage(openapi) {
  const operations = Object.entries(openapi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      ...operation,
    })),
  )
  const tags = openapi.tags.map(({ name }) => name)
  const of = (tag) => operations.filter((operation) => operation.tags.includes(tag))
  return `# HTTP

\`revector serve\` answers at \`http://127.0.0.1:8080\`. The same reference is served at \`/docs\`, and as OpenAPI 3.1 at
\`/openapi.json\`. Bodies are JSON in UTF-8, in the shapes of \`--json\`; unknown fields are refused. A field or parameter with \`?\` may be left out.

- **Keys.** Without a key the service answers this machine alone. From the first \`revector keys create\` on, every
  request needs \`Authorization: Bearer KEY\`. A key has a scope: \`read\`, \`write\` (and read), or \`admin\` (all).
- **Failures** are problem JSON (RFC 9457) with \`code\`, \`detail\`, \`hint\` and \`request_id\`; codes are those of
  [errors](errors.md). 429 and 503 say in \`Retry-After\` when to come again.
- **Pages.** Lists end with \`next\`: give it as \`after\`. It is null on the last page.
- **Again.** \`POST /api/v1/documents\` takes an \`Idempotency-Key\`: the same request gets the first answer for a day.
- **Streams** are server-sent events. Give the last \`id\` seen as \`Last-Event-ID\` to go on after it.

${tags.map((tag) => `${table(tag, of(tag))}`).join('\n\n')}

${operations.map((operation) => section(operation, openapi)).join('\n\n')}
`
}

function table(tag, operations) {
  const rows = operations.map(
    ({ method, path, operationId, summary, 'x-scope': scope = 'none' }) =>
      `| [\`${method} ${path}\`](#${operationId.toLowerCase()}) | ${summary} | ${scope} |`,
  )
  return `## ${tag}: overview\n\n| | | key |\n|---|---|---|\n${rows.join('\n')}`
}

function section(
  { operationId, method, path, summary, description, parameters = [], requestBody, responses },
  openapi,
) {
  const resolve = (schema) =>
    schema?.$ref === undefined ? schema : openapi.components.schemas[schema.$ref.split('/').at(-1)]
  const parts = [
    `### ${operationId}`,
    `\`${method} ${path}\``,
    `${summary}.${description === undefined ? '' : ` ${description}`}`,
  ]
  if (parameters.length > 0) {
    const rows = parameters.map((one) =>
      row(`${one.name}`, one.schema, one.required, one.description, one.in),
    )
    parts.push(`| parameter | in | type | meaning |\n|---|---|---|---|\n${rows.join('\n')}`)
  }
  for (const [type, { schema, example }] of Object.entries(requestBody?.content ?? {})) {
    const rows = fields(resolve(schema), resolve)
    if (rows.length > 0)
      parts.push(`Body, \`${type}\`:\n\n| field | type | meaning |\n|---|---|---|\n${rows.join('\n')}`)
    if (example !== undefined) parts.push(`\`\`\`json\n${JSON.stringify(example)}\n\`\`\``)
  }
  for (const [status, { content = {} }] of Object.entries(responses)) {
    if (Number(status) >= 400) continue
    const [[type, { schema, 'x-events': events }] = [null, {}]] = Object.entries(content)
    if (type === null) parts.push(`Answer ${status}: nothing.`)
    else if (type === 'application/json') parts.push(answer(`Answer ${status}`, schema, resolve))
    else if (events === undefined) parts.push(`Answer ${status}: \`${type}\`.`)
    const stream = content['text/event-stream']?.['x-events']
    if (stream !== undefined) {
      const names = Object.entries(stream).map(([name, one]) => `\`${name}\` (${named(one)})`)
      parts.push(`As \`text/event-stream\`: ${names.join(', ')}.`)
    }
  }
  const codes = Object.entries(responses)
    .filter(([status]) => Number(status) >= 400)
    .map(
      ([status, one]) =>
        `${status} ${[...one.description.matchAll(/`([A-Z_]+)`:/g)].map(([, code]) => `\`${code}\``).join(', ')}`,
    )
  parts.push(`Refusals: ${codes.join(' · ')}.`)
  return parts.join('\n\n')
}

function answer(title, schema, resolve) {
  const rows = fields(resolve(schema), resolve)
  return rows.length === 0
    ? `${title}: ${named(schema)}.`
    : `${title}${schema.$ref === undefined ? '' : ` (${named(schema)})`}:\n\n| field | type | meaning |\n|---|---|---|\n${rows.join('\n')}`
}

function fields(schema, resolve, path = '', depth = 0) {
  return Object.entries(schema?.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`
    const required = (schema.required ?? []).includes(name)
    const inner = depth < 2 ? inside(field, resolve) : undefined
    return [
      row(at, field, required, field.description),
      ...(inner === undefined ? [] : fields(inner.schema, resolve, `${at}${inner.mark}`, depth + 1)),
    ]
  })
}

/** What stands in an object, a list, or either that may be null. */
function inside(field, resolve) {
  const one = resolve(field.anyOf?.find(({ type }) => type !== 'null') ?? field)
  if (one?.items !== undefined) return { schema: resolve(one.items), mark: '[]' }
  return one?.properties === undefined ? undefined : { schema: one, mark: '' }
}

function row(name, schema, required, description = '', place) {
  const where = place === undefined ? '' : ` ${place} |`
  return `| \`${name}\`${required ? '' : ' ?'} |${where} ${typeOf(schema).replaceAll('|', '\\|')} | ${description.replaceAll('|', '\\|')} |`
}

function named(schema) {
  return schema.$ref === undefined ? typeOf(schema) : `\`${schema.$ref.split('/').at(-1)}\``
}

function typeOf(schema) {
  if (schema.$ref !== undefined) return named(schema)
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ')
  const { type = 'anything', minimum, maximum, maxLength, default: otherwise } = schema
  const bounds = [
    minimum > Number.MIN_SAFE_INTEGER ? `from ${minimum}` : '',
    maximum < Number.MAX_SAFE_INTEGER ? `to ${maximum}` : '',
    maxLength === undefined ? '' : `up to ${maxLength} characters`,
    otherwise === undefined ? '' : `default ${JSON.stringify(otherwise)}`,
  ].filter((part) => part !== '')
  const words = Array.isArray(type) ? type.join(' or ') : type
  const list = type === 'array' ? ` of ${typeOf(schema.items ?? {})}` : ''
  return `${words}${list}${bounds.length === 0 ? '' : `, ${bounds.join(', ')}`}`
}
