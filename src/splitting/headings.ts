/** A heading's text without its marks, on one line, at most 200 code units. */
export function headingTitle(markdown: string): string {
  return markdown
    .slice(0, 1000)
    .replace(/^[ \t]*#{1,6}(?=\s|$)/, '')
    .replace(/\n[ \t]*(?:=+|-+)[ \t]*\n?$/, '')
    .replace(/(^|[ \t])#+[ \t]*\n?$/, '$1')
    .replace(/!?\[([^[\]]*)\](?:\([^()]*\)|\[[^[\]]*\])/g, '$1')
    .replace(/<[^<>]*>/g, '')
    .replace(/\{#[^{}]*\}/g, '')
    .replace(/[`*]|(?<!\w)_+|_+(?!\w)/g, '')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, 200)
    .replace(/[\ud800-\udbff]$/, '')
}
