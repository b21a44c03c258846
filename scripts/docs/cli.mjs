/** `help(...names)` gives the help text of a command. Walks from the program down to the last subcommand. */
export async function cliPage(help) {
  const sections = []
  const visit = async (names) => {
    const text = (await help(...names)).trimEnd()
    const inner = commandsIn(text)
    if (names.length > 0)
      sections.push(`${'#'.repeat(names.length + 1)} ${names.join(' ')}\n\n${fenced(body(text))}`)
    for (const name of inner) await visit([...names, name])
  }
  await visit([])
  return `# Command line

Data go to standard output, progress, notes and errors to standard error. With \`--json\` standard output is exactly
one JSON document. Exit codes: 0 done · 1 failed · 2 wrong usage or bad input · 3 refused by a gate, a missing
consent or a lock · 130 interrupted.

${fenced(await help())}

${sections.join('\n\n')}
`
}

/** Names below "Commands:", the `help` command left out. */
function commandsIn(text) {
  const [, list = ''] = /^Commands:\n((?: {2}.*\n?)+)/m.exec(text) ?? []
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name]) => name).filter((name) => name !== 'help')
}

/** A command's help without what is the same for all. */
const body = (text) => text.replace(/\n*Global Options:\n(?: {2}.*\n?)+/, '\n').trimEnd()

const fenced = (text) => `\`\`\`text\n${text.trim().replace(/[ \t]+$/gm, '')}\n\`\`\``
