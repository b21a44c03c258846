/** Groups of the catalogue by the first code of each; the catalogue keeps this order. */
const groups = {
  MODEL_DIMENSION_CONFLICT: "The guide's three",
  INVALID_INPUT: 'Input',
  MODEL_UNKNOWN: 'Models and providers',
  MIGRATION_UNKNOWN: 'Model migrations',
  PARSE_FAILED: 'Files and documents',
  DATABASE_UNREACHABLE: 'Databases',
  SCHEMA_MISSING: 'Schema',
  REQUEST_MALFORMED: 'Requests over HTTP',
  CONSENT_MISSING: 'Running',
}

export function errorsPage(errorCatalogue) {
  const sections = []
  for (const [code, { exit, status, meaning }] of Object.entries(errorCatalogue)) {
    if (code in groups) {
      sections.push(`## ${groups[code]}\n\n| code | meaning | exit | HTTP |\n|---|---|--:|--:|`)
    }
    sections.push(`${sections.pop()}\n| \`${code}\` | ${meaning} | ${exit} | ${status} |`)
  }
  return `# Errors

Every failure has a code. Codes are stable; messages are for people and may improve.

- The library throws \`RevectorError\` with \`code\`, \`message\` (what happened: what was expected, what was given),
  \`hint\` (what to do next) and \`data\` (values that belong to the code, never a secret).
- The command line prints message and hint on standard error. With \`--json\` it prints
  \`{ "error": { "code", "message", "hint", … } }\` on standard output.
- \`exit\` is the command line's exit code: 1 failed, 2 wrong usage or bad input, 3 refused by a gate, a missing
  consent or a lock, 130 interrupted. 0 is done.
- \`HTTP\` is the status that the service gives for it, in problem JSON (RFC 9457) with the same \`code\` and \`hint\`.

${sections.join('\n\n')}
`
}
