interface Signature {
  readonly at: number
  readonly bytes: string
  readonly name: string
}

/** The type of such a file, in words for the user. `bytes` is Latin-1. */
const signatures: readonly Signature[] = [
  { at: 0, bytes: '\x89PNG\r\n', name: 'a PNG image' },
  { at: 0, bytes: '\xff\xd8\xff', name: 'a JPEG image' },
  { at: 0, bytes: 'GIF8', name: 'a GIF image' },
  { at: 8, bytes: 'WEBP', name: 'a WebP image' },
  { at: 0, bytes: 'II*\0', name: 'a TIFF image' },
  { at: 0, bytes: 'MM\0*', name: 'a TIFF image' },
  { at: 4, bytes: 'ftypheic', name: 'a HEIC image' },
  { at: 4, bytes: 'ftypavif', name: 'an AVIF image' },
  { at: 4, bytes: 'ftyp', name: 'a video (MP4)' },
  { at: 0, bytes: '\x1aE\xdf\xa3', name: 'a video (Matroska or WebM)' },
  { at: 8, bytes: 'AVI ', name: 'a video (AVI)' },
  { at: 8, bytes: 'WAVE', name: 'a sound (WAV)' },
  { at: 0, bytes: 'ID3', name: 'a sound (MP3)' },
  { at: 0, bytes: '\xff\xfb', name: 'a sound (MP3)' },
  { at: 0, bytes: 'OggS', name: 'a sound (Ogg)' },
  { at: 0, bytes: 'fLaC', name: 'a sound (FLAC)' },
  { at: 0, bytes: '\x1f\x8b', name: 'a gzip archive' },
  { at: 0, bytes: 'BZh', name: 'a bzip2 archive' },
  { at: 0, bytes: '\xfd7zXZ\0', name: 'an xz archive' },
  { at: 0, bytes: '(\xb5/\xfd', name: 'a Zstandard archive' },
  { at: 0, bytes: '7z\xbc\xaf\x27\x1c', name: 'a 7z archive' },
  { at: 0, bytes: 'Rar!\x1a\x07', name: 'a RAR archive' },
  { at: 257, bytes: 'ustar', name: 'a tar archive' },
  { at: 0, bytes: '\x7fELF', name: 'a program (ELF)' },
  { at: 0, bytes: 'MZ', name: 'a Windows program' },
  { at: 0, bytes: '\xcf\xfa\xed\xfe', name: 'a macOS program' },
  { at: 0, bytes: '\xca\xfe\xba\xbe', name: 'a Java class or macOS program' },
  { at: 0, bytes: '\0asm', name: 'a WebAssembly module' },
  { at: 0, bytes: 'SQLite format 3\0', name: 'an SQLite database' },
  { at: 0, bytes: 'PAR1', name: 'a Parquet table' },
  { at: 0, bytes: 'wOFF', name: 'a font' },
  { at: 0, bytes: 'wOF2', name: 'a font' },
  { at: 0, bytes: '\0\x01\0\0\0', name: 'a font' },
  { at: 0, bytes: 'OTTO', name: 'a font' },
  { at: 0, bytes: '{\\rtf', name: 'an RTF document' },
  { at: 0, bytes: '%!PS', name: 'a PostScript document' },
  { at: 0, bytes: 'AT&TFORM', name: 'a DjVu document' },
]

/** Short signatures that a text may begin with too: only trusted for a file that is not text. */
const alsoText = new Set(['MZ', 'BZh', 'ID3', 'GIF8'])

/** The type of a file that is not supported, or null. `head` is its first kilobyte as Latin-1. */
export function foreignName(head: string, looksBinary: boolean): string | null {
  for (const { at, bytes, name } of signatures) {
    if (head.startsWith(bytes, at) && (looksBinary || !alsoText.has(bytes)) && (at === 0 || looksBinary))
      return name
  }
  return null
}

/** The container of Office files before 2007, still used for encrypted documents. */
export const compoundFile = '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'
