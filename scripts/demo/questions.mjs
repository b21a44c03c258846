// Questions as people ask them, in other words than the documents use, and where the answer stands.
export const questions = [
  { query: 'how many async jobs can run at the same time', expected: ['p-limit'] },
  {
    query: 'make letters in the console appear in different colours',
    expected: ['chalk', 'ansi-styles', '@colors/colors'],
  },
  { query: 'turn a web page into plain text for reading without ads', expected: ['readability'] },
  { query: 'convert a Word file to a web page', expected: ['mammoth'] },
  { query: 'pretend to be a server in my unit tests', expected: ['Mock', 'mocking'] },
  { query: 'try again when the network fails', expected: ['cockatiel', 'Retry'] },
  { query: 'hide passwords before they are written to a file', expected: ['redact'] },
  { query: 'short random names that never clash', expected: ['nanoid'] },
  { query: 'compare two release numbers to see which is newer', expected: ['semver'] },
  { query: 'show how far a long download has come', expected: ['cli-progress'] },
  { query: 'keep several connections to the database open and share them', expected: ['pg-pool'] },
  { query: 'forget the entries that were not used for a long time', expected: ['lru-cache'] },
]
