/** Text that is mark-up already. */
export interface Html {
  readonly text: string
}

/** Mark-up with values that are escaped unless they are mark-up themselves. */
export function html(strings: TemplateStringsArray, ...values: readonly (string | Html)[]): Html {
  return {
    text: strings.reduce((text, part, i) => {
      const value = values[i - 1] ?? ''
      return text + (typeof value === 'string' ? escapeHtml(value) : value.text) + part
    }),
  }
}

export function join(deps: readonly Html[]): Html {
  return { text: deps.map((part) => part.text).join('') }
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character)
}
