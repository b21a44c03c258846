/*
 * The encoder's one hot loop, matrix times matrix on 128-bit SIMD, written as the bytes of a module of
 * one function: a toolchain and a package of 143 MB (onnxruntime-web) for one loop would be out of proportion.
 *
 * matmul(a, b, c, rows, depth, columns): c = a · b, addresses in bytes, all numbers 32-bit floats.
 *   a: rows × depth, row by row. rows is a multiple of 4, depth of 4, columns of 8.
 *   b: packed (see `pack`) in panels of 8 columns, each panel depth × 8, so that it is read in order.
 *   c: rows × columns, row by row.
 * Four rows by eight columns are summed at once: 8 sums, 2 vectors of b and 5 of a fit the 16 registers of x64. Four
 * numbers of a row of a are loaded together and each is spread by a shuffle: a fifth faster than four loads.
 * Each product and each sum is rounded by itself, in the order of the depth, so every machine gets the same bits;
 * fused multiplication (relaxed SIMD) would be faster by a fifth, where an engine has it, and give others.
 */

const i32 = 0x7f
const v128 = 0x7b
export const panelColumns = 8
const blockRows = 4
/** Numbers of a vector. */
const unroll = 4

/** The part of the global that is used here; `lib` without `dom` has no types for it. */
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number; shared: true }) => SharedMemory
  Module: new (bytes: Uint8Array) => object
  Instance: new (
    module: object,
    imports: { env: { memory: SharedMemory } },
  ) => { readonly exports: { readonly matmul: (...numbers: number[]) => void } }
}

/** Several threads can have it at once: what is in it is there once. */
export interface SharedMemory {
  readonly buffer: SharedArrayBuffer
}

/** product = left · right, all in the memory. Rows are rounded up to a multiple of 4: `left` and `product` need the room. */
export type Multiply = (
  left: Float32Array,
  right: Float32Array,
  product: Float32Array,
  size: { rows: number; depth: number; columns: number },
) => void

const pageBytes = 65_536
const mostPages = 65_536

/** A memory of at least this many bytes. */
export function allocateMemory(bytes: number): SharedMemory {
  const pages = Math.ceil(bytes / pageBytes)
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
}

export function compileMultiply(memory: SharedMemory): Multiply {
  const module = new WebAssembly.Module(moduleBytes())
  const { matmul } = new WebAssembly.Instance(module, { env: { memory } }).exports
  return (left, right, product, { rows, depth, columns }) => {
    const rounded = Math.ceil(rows / blockRows) * blockRows
    matmul(left.byteOffset, right.byteOffset, product.byteOffset, rounded, depth, columns)
  }
}

/** Rewrites a matrix of depth × columns, row by row, as panels of 8 columns. */
export function pack(from: Float32Array, to: Float32Array, depth: number, columns: number): void {
  let at = 0
  for (let panel = 0; panel < columns; panel += panelColumns) {
    for (let source = panel; source < depth * columns; source += columns) {
      for (let column = 0; column < panelColumns; column += 1, at += 1) to[at] = from[source + column] ?? 0
    }
  }
}

/** Unsigned LEB128. */
function leb(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  do {
    const low = rest & 0x7f
    rest >>>= 7
    bytes.push(rest === 0 ? low : low | 0x80)
  } while (rest !== 0)
  return bytes
}

const list = (items: readonly (readonly number[])[]) => [...leb(items.length), ...items.flat()]
const sized = (bytes: readonly number[]) => [...leb(bytes.length), ...bytes]
const section = (id: number, bytes: readonly number[]) => [id, ...sized(bytes)]
const name = (text: string) => sized([...new TextEncoder().encode(text)])

function moduleBytes(): Uint8Array<ArrayBuffer> {
  const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]
  const types = section(1, list([[0x60, ...list(Array.from({ length: 6 }, () => [i32])), 0x00]]))
  const sharedMemory = [0x02, 0x03, ...leb(1), ...leb(mostPages)]
  const imports = section(2, list([[...name('env'), ...name('memory'), ...sharedMemory]]))
  const functions = section(3, list([[0]]))
  const exports = section(7, list([[...name('matmul'), 0x00, 0]]))
  const locals = list([
    [...leb(localCounts.i32), i32],
    [...leb(localCounts.v128), v128],
  ])
  const code = section(10, list([sized([...locals, ...body(), op.end])]))
  return Uint8Array.from([...magic, ...types, ...imports, ...functions, ...exports, ...code])
}

const op = { end: 0x0b, loop: 0x03, branchIf: 0x0d, void: 0x40 }
const get = (local: number) => [0x20, ...leb(local)]
const set = (local: number) => [0x21, ...leb(local)]
const constant = (value: number) => [0x41, ...leb(value)] // only values below 64 are used: one LEB128 byte, signed or not
const add = [0x6a]
const multiply = [0x6c]
const shiftLeft = [0x74]
const lessThan = [0x49]
const simd = (code: number) => [0xfd, ...leb(code)]
const aligned4 = 2
const loadVector = (offset: number) => [...simd(0), aligned4, ...leb(offset)]
const storeVector = (offset: number) => [...simd(11), aligned4, ...leb(offset)]
const zeroVector = [...simd(12), ...new Array<number>(16).fill(0)]
/** All four numbers become the one at `place`. */
const spread = (place: number) => [
  ...simd(13),
  ...Array.from({ length: 16 }, (_, byte) => place * 4 + (byte % 4)),
]
const addVectors = simd(228)
const multiplyVectors = simd(230)

// Parameters, then the other locals in the order of `localCounts`.
const [A, B, C, ROWS, DEPTH, COLUMNS] = [0, 1, 2, 3, 4, 5] as const
const [A_STRIDE, C_STRIDE, A_END, C_END, PANEL_END, A_ROW, C_ROW, B_AT] = [
  6, 7, 8, 9, 10, 11, 12, 13,
] as const
const rowAt = (row: number) => 14 + row
const localCounts = { i32: 12, v128: 15 }
const firstVector = 18
const sum = (row: number, half: number) => firstVector + row * 2 + half
const [B0, B1, X] = [firstVector + 8, firstVector + 9, firstVector + 10] as const
const fourOf = (row: number) => firstVector + 11 + row

const rows4 = [0, 1, 2, 3]
const increase = (local: number, by: readonly number[]) => [...get(local), ...by, ...add, ...set(local)]
/** Runs `inner` until `local` has reached `end`. */
const loopUntil = (local: number, end: number, inner: readonly number[]) => [
  op.loop,
  op.void,
  ...inner,
  ...get(local),
  ...get(end),
  ...lessThan,
  op.branchIf,
  0,
  op.end,
]

function body(): number[] {
  return [
    ...[...get(DEPTH), ...constant(2), ...shiftLeft, ...set(A_STRIDE)],
    ...[...get(COLUMNS), ...constant(2), ...shiftLeft, ...set(C_STRIDE)],
    ...[...get(A), ...get(ROWS), ...get(A_STRIDE), ...multiply, ...add, ...set(A_END)],
    ...[...get(C), ...get(C_STRIDE), ...add, ...set(C_END)],
    ...loopUntil(C, C_END, panel()),
  ]
}

/** Eight columns of c, all rows. */
function panel(): number[] {
  return [
    ...[...get(B), ...get(DEPTH), ...constant(5), ...shiftLeft, ...add, ...set(PANEL_END)],
    ...[...get(A), ...set(A_ROW), ...get(C), ...set(C_ROW)],
    ...loopUntil(A_ROW, A_END, block()),
    ...[...get(PANEL_END), ...set(B)],
    ...increase(C, constant(panelColumns * 4)),
  ]
}

/** Four rows of eight columns. */
function block(): number[] {
  const fourStrides = (stride: number) => [...get(stride), ...constant(2), ...shiftLeft]
  const start = rows4.flatMap((row) => [
    ...(row === 0 ? get(A_ROW) : [...get(rowAt(row - 1)), ...get(A_STRIDE), ...add]),
    ...set(rowAt(row)),
    ...[...zeroVector, ...set(sum(row, 0)), ...zeroVector, ...set(sum(row, 1))],
  ])
  const store = rows4.flatMap((row) => [
    ...[...get(C_ROW), ...get(sum(row, 0)), ...storeVector(0)],
    ...[...get(C_ROW), ...get(sum(row, 1)), ...storeVector(16)],
    ...increase(C_ROW, get(C_STRIDE)),
  ])
  return [
    ...start,
    ...[...get(B), ...set(B_AT)],
    ...loopUntil(B_AT, PANEL_END, steps()),
    ...store,
    ...increase(A_ROW, fourStrides(A_STRIDE)),
  ]
}

/** `unroll` steps along the depth. */
function steps(): number[] {
  const one = (step: number) => [
    ...[...get(B_AT), ...loadVector(step * 32), ...set(B0)],
    ...[...get(B_AT), ...loadVector(step * 32 + 16), ...set(B1)],
    ...rows4.flatMap((row) => [
      ...[...get(fourOf(row)), ...get(fourOf(row)), ...spread(step), ...set(X)],
      ...accumulate(sum(row, 0), B0),
      ...accumulate(sum(row, 1), B1),
    ]),
  ]
  return [
    ...rows4.flatMap((row) => [...get(rowAt(row)), ...loadVector(0), ...set(fourOf(row))]),
    ...Array.from({ length: unroll }, (_, step) => one(step)).flat(),
    ...rows4.flatMap((row) => increase(rowAt(row), constant(unroll * 4))),
    ...[...get(B_AT), 0x41, ...[0x80, 0x01], ...add, ...set(B_AT)],
  ]
}

const accumulate = (into: number, factor: number) => [
  ...get(into),
  ...[...get(X), ...get(factor), ...multiplyVectors],
  ...addVectors,
  ...set(into),
]
