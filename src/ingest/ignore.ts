/**
 * A test for paths to leave out, relative and with `/`: globs of `*`, `**`, `?`, `[…]`, `{a,b}`. A glob without
 * a slash means that name at any depth, and a folder's name everything in it, as in a .gitignore.
 */
export function ignoreMatcher(globs: readonly string[]): (path: string) => boolean {
  const expressions = globs.map(toExpression)
  return (path) => expressions.some((expression) => expression.test(path))
}

function toExpression(glob: string): RegExp {
  const anchored = glob.replace(/^\.?\//, '').replace(/\/+$/, '')
  const whole = anchored.includes('/') ? anchored : `**/${anchored}`
  let source = ''
  let braces = 0
  for (let index = 0; index < whole.length; index++) {
    const sign = whole.charAt(index)
    if (whole.startsWith('**/', index)) {
      source += '(?:[^/]+/)*'
      index += 2
    } else if (whole.startsWith('**', index)) {
      source += '.*'
      index += 1
    } else if (sign === '*') source += '[^/]*'
    else if (sign === '?') source += '[^/]'
    else if (sign === '{') {
      source += '(?:'
      braces++
    } else if (sign === '}' && braces > 0) {
      source += ')'
      braces--
    } else if (sign === ',' && braces > 0) source += '|'
    else if (sign === '[' && whole.indexOf(']', index + 2) !== -1) {
      const end = whole.indexOf(']', index + 2)
      const body = whole
        .slice(index + 1, end)
        .replace(/^!/, '^')
        .replaceAll('\\', '\\\\')
        .replaceAll('[', '\\[')
      source += `[${body}]`
      index = end
    } else source += sign.replace(/[\\^$.|+()[\]{}]/, '\\$&')
  }
  return new RegExp(`^${source}${')'.repeat(braces)}(?:/.*)?$`)
}
