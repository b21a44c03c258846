export function modelsPage(knownModels, setupModels) {
  const rows = knownModels.map((model) =>
    [
      `\`${model.modelName}\`${setupModels.includes(model.modelName) ? ' ●' : ''}`,
      model.provider,
      String(model.dimension),
      otherDimensions(model),
      group(model.maxInputTokens),
      price(model),
      model.retirement ?? '',
      model.checked,
    ].join(' | '),
  )
  return `# Models

What is known of models is data (\`src/embedding/catalogue/\`): widths, limits, prefixes, prices. A model that is not
listed here can be added all the same, with its dimension and provider:

    revector models add NAME --dimension D --provider P [--base-url URL] [--remote-name NAME]

● is registered by \`revector db setup-models\` and when an empty database is set up. Prices are US dollars for a
million input tokens; "local" runs on this machine and costs nothing. The last column is the day on which the facts
were read at the provider; check prices there before you spend.

| model | provider | dimension | other widths | tokens a text | price | retires | read |
|---|---|--:|---|--:|--:|---|---|
${rows.map((row) => `| ${row} |`).join('\n')}
| \`lexical-hash-D\`${setupModels.some((name) => name.startsWith('lexical-hash')) ? ' ●' : ''} | lexical-hash | D | any | unlimited | local | | |

\`${setupModels.join('`, `')}\` are the ones that \`setup-models\` registers.

\`lexical-hash-D\` is a bag of hashed words, not a language model: it finds texts that share words with the question.
It needs no weights and no key, which makes it good for tests and as a baseline, and for nothing else.

A text longer than a model's limit is embedded in windows whose vectors are averaged by length; nothing is cut off.
`
}

function otherDimensions({ otherDimensions: other }) {
  if ('from' in other) return `${group(other.from)} to ${group(other.to)}`
  return other.map(group).join(', ')
}

const price = ({ pricePerMillionTokens: value }) =>
  value === null ? '?' : value === 0 ? 'local' : value.toFixed(2)
const group = (number) => (Number.isFinite(number) ? number.toLocaleString('en-US') : 'unlimited')
