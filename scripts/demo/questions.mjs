// Questions as people ask them, in other words than the documents use, and whose documentation answers them: a part
// of its path. Written by hand; some are easier for one model, some for the other.
export const questions = [
  { query: 'does the terminal understand clickable links', expected: ['supports-hyperlinks'] },
  { query: 'resize photographs', expected: ['sharp/'] },
  { query: 'find all files whose names match a pattern', expected: ['tinyglobby', 'fdir', 'matcher'] },
  { query: 'turn an exception into something that can be stored as JSON', expected: ['serialize-error'] },
  {
    query: 'make letters in the console appear in different colours',
    expected: ['chalk', 'colors', 'colour', 'ansi-styles', 'tinyrainbow'],
  },
  { query: 'why does my process not exit when it is finished', expected: ['why-is-node-running'] },
  { query: 'is the name of my module allowed', expected: ['validate-npm-package-name'] },
  { query: 'compress files into one archive', expected: ['jszip', 'adm-zip', 'fflate'] },
  { query: 'break long lines of text so they fit the window', expected: ['wrap-ansi', 'cliui'] },
  { query: 'create a folder and all the folders above it', expected: ['make-dir'] },
  { query: 'remove colour codes from terminal output', expected: ['strip-ansi', 'ansi-regex'] },
  { query: 'delete the remarks from a settings file', expected: ['strip-json-comments'] },
  { query: 'a waiting line that is faster than an array', expected: ['yocto-queue'] },
  { query: 'pretend to be a web server in my unit tests', expected: ['Mock', 'mocking', 'writing-tests'] },
]
