/*
 * Our own, not a library's: Node decodes, so all that is missing is which encoding to name. Few candidates, told apart by the
 * words they give, leave everything else to windows-1252, as browsers do.
 */

/** Most bytes of a file that are examined. */
const sampleLength = 65_536

const frequentChinese = new Set(
  '的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心本前开但因只从想实日者意无力与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应文体相见等新制果加月话合回代内信表化這個們來為國說時會對於著過發後裡種經麼學現當沒動還進樣開從實無與長機關點業將兩間問並應體見話內',
)

/**
 * The legacy encoding of a text, if it reads like one of those that can be recognised: Japanese, Chinese,
 * Korean, Cyrillic, Greek, Hebrew, Arabic, Thai. Null: none of them, so probably Western European.
 */
export function guessLegacyEncoding(bytes: Uint8Array): string | null {
  const sample = sampleOf(bytes)
  for (const { encoding, reads } of multiByte) {
    const text = decodeStrictly(sample, encoding)
    if (text !== null && reads(text)) return encoding
  }
  if (!mostlyHigh(sample)) return null
  let best: string | null = null
  let bestShare = 0.85
  for (const { encoding, letters } of singleByte) {
    const share = wordShare(new TextDecoder(encoding).decode(sample), letters)
    if (share > bestShare) {
      best = encoding
      bestShare = share
    }
  }
  return best
}

/** Ends at an ASCII byte, so that no character is cut in two. */
function sampleOf(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= sampleLength) return bytes
  let end = sampleLength
  while (end > sampleLength - 1024 && (bytes[end - 1] ?? 0) >= 0x40) end--
  return bytes.subarray(0, end)
}

const multiByte: readonly { encoding: string; reads: (text: string) => boolean }[] = [
  { encoding: 'shift_jis', reads: (text) => share(text, (unit) => unit >= 0x3041 && unit <= 0x30fe) > 0.3 },
  { encoding: 'euc-jp', reads: (text) => share(text, (unit) => unit >= 0x3041 && unit <= 0x30fe) > 0.3 },
  { encoding: 'gb18030', reads: readsChinese },
  { encoding: 'big5', reads: readsChinese },
  { encoding: 'euc-kr', reads: (text) => share(text, (unit) => unit >= 0xac00 && unit <= 0xd7a3) > 0.85 },
]

function readsChinese(text: string): boolean {
  return share(text, (unit) => frequentChinese.has(String.fromCharCode(unit))) > 0.2
}

/** Share of the letters beyond ASCII for which `test` holds; half-width kana and punctuation don't count. */
function share(text: string, test: (unit: number) => boolean): number {
  let all = 0
  let held = 0
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit < 0x80 || (unit >= 0x3000 && unit <= 0x3020) || unit >= 0xff00) continue
    all++
    if (test(unit)) held++
  }
  return all < 2 ? 0 : held / all
}

function decodeStrictly(bytes: Uint8Array, encoding: string): string | null {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

const singleByte: readonly { encoding: string; letters: RegExp }[] = [
  { encoding: 'windows-1251', letters: /^[А-ЯЁЇІЄҐЎ]?[а-яёїієґў]+$/ },
  { encoding: 'koi8-r', letters: /^[А-ЯЁ]?[а-яё]+$/ },
  { encoding: 'ibm866', letters: /^[А-ЯЁ]?[а-яё]+$/ },
  { encoding: 'iso-8859-5', letters: /^[А-ЯЁ]?[а-яё]+$/ },
  { encoding: 'windows-1253', letters: /^[Α-ΫΆΈΉΊΌΎΏ]?[ά-ώΐΰ]+$/ },
  { encoding: 'windows-1255', letters: /^[\u0591-\u05f4]+$/ },
  { encoding: 'windows-1256', letters: /^[\u0600-\u06ff]+$/ },
  { encoding: 'windows-874', letters: /^[\u0e01-\u0e5b]+$/ },
]

/** A few accented letters are no alphabet. */
const leastEvidence = 12

/** Texts in these alphabets are mostly bytes above 0x7f; a Western European one has a few of them in a word. */
function mostlyHigh(bytes: Uint8Array): boolean {
  let high = 0
  let letters = 0
  for (const byte of bytes) {
    if (byte >= 0x80) high++
    else if ((byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)) letters++
  }
  return high >= leastEvidence && high > letters
}

/** Share of the words beyond ASCII that are entirely in the alphabet, with capitals only at the beginning. */
function wordShare(text: string, letters: RegExp): number {
  let all = 0
  let held = 0
  for (const word of text.split(/[\s\x21-\x40\x5b-\x60\x7b-\x7e\u00a0-\u00bf\u2000-\u206f]+/)) {
    if (!/[^\x20-\x7e]/.test(word)) continue
    all++
    if (letters.test(word) || word.length === 1) held++
  }
  return all === 0 ? 0 : held / all
}
