/** The style of the reference page, a file of its own: the page's policy allows none inside it. */
export const referenceStyle = `:root { color-scheme: light dark; --ink: #1b1f24; --faint: #57606a; --line: #d8dee4; --paper: #fff; --wash: #f6f8fa; --link: #0a58ca }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --faint: #9aa4af; --line: #30363d; --paper: #0d1117; --wash: #161b22; --link: #79b8ff }
}
* { box-sizing: border-box }
html { scroll-padding-top: 1rem }
body { margin: 0; color: var(--ink); background: var(--paper); font: 16px/1.55 system-ui, sans-serif;
  display: grid; grid-template-columns: 18rem minmax(0, 1fr); grid-template-areas: 'head head' 'nav main' }
header { grid-area: head; padding: 1.25rem 2rem; border-bottom: 1px solid var(--line) }
header h1 { margin: 0; font-size: 1.4rem }
header p { margin: .25rem 0 0; color: var(--faint) }
nav { grid-area: nav; padding: 1rem 1rem 3rem 2rem; position: sticky; top: 0; align-self: start; max-height: 100vh; overflow: auto; font-size: .875rem }
nav h2 { margin: 1rem 0 .25rem; font-size: .8rem; letter-spacing: .04em; color: var(--faint) }
nav ul { margin: 0; padding: 0; list-style: none }
nav a { display: block; padding: .15rem 0; color: inherit; text-decoration: none; overflow-wrap: anywhere }
nav a:hover { text-decoration: underline }
main { grid-area: main; padding: 1rem 2rem 4rem; max-width: 64rem }
section { padding: 1.5rem 0; border-bottom: 1px solid var(--line) }
section h2 { margin: 0 0 .5rem; font-size: 1.15rem }
section h3 { margin: 1.25rem 0 .35rem; font-size: .95rem }
a { color: var(--link) }
code, pre { font: .875em/1.5 ui-monospace, monospace }
pre { padding: .75rem 1rem; background: var(--wash); border: 1px solid var(--line); border-radius: 6px; overflow: auto }
table { width: 100%; border-collapse: collapse; font-size: .875rem }
th, td { padding: .35rem .75rem .35rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line) }
td { overflow-wrap: anywhere }
th { color: var(--faint); font-weight: 600 }
.verb { display: inline-block; min-width: 3.6em; font: 700 .75em/1.6 ui-monospace, monospace }
.scope, .codes { color: var(--faint); font-size: .875rem }
.required { color: #d1242f }
.skip { position: absolute; left: -999px }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .25rem .5rem }
:target { background: var(--wash) }
@media (max-width: 52rem) {
  body { display: block }
  nav { position: static; max-height: none; padding: 1rem 2rem }
}
`
