export function configurationPage(schema, environmentNames, keyNames) {
  const rows = Object.entries(schema.properties).flatMap(([name, option]) => [
    row(name, option, environmentNames[name]),
    ...Object.entries(option.properties ?? {}).map(([inner, value]) => row(`${name}.${inner}`, value)),
  ])
  return `# Configuration

Every option may be given to \`createRevector({ … })\` or in a JSON file (\`--config FILE\`); some have a variable of
the environment and a flag on the command line. The call or flag wins, then the environment, then the file, then
the default. An unknown option is an error (\`CONFIG_INVALID\`).

| option | environment | value | default | |
|---|---|---|---|---|
${rows.join('\n')}

## Keys of hosted models

Keys come from the environment only, under their usual names, and are never written to a log, an error or a
database: ${keyNames.map((name) => `\`${name}\``).join(', ')}.

## Flags

\`--database-url\`, \`--data-dir\` and \`--log-dir\` set the options of these names. \`--verbose\` logs from level \`debug\`.
`
}

function row(name, option, variable) {
  const fallback = option.default === undefined ? '' : `\`${JSON.stringify(option.default)}\``
  const cells = [
    `\`${name}\``,
    variable === undefined ? '' : `\`${variable}\``,
    kindOf(option),
    name === 'cacheDir' ? '`~/.cache/revector`' : fallback,
    option.description ?? '',
  ]
  return `| ${cells.join(' | ')} |`
}

function kindOf({ type, minimum, maximum, enum: values, properties }) {
  if (values !== undefined) return values.map((value) => `\`${value}\``).join(', ')
  if (properties !== undefined) return 'object'
  if (type === 'integer') {
    const to = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : ` to ${group(maximum)}`
    return `whole number${minimum === undefined ? '' : `, ${to === '' ? 'from ' : ''}${group(minimum)}${to}`}`
  }
  return type ?? 'any'
}

const group = (number) => number.toLocaleString('en-US')
