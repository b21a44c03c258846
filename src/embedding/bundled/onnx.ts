/*
 * ONNX files are Protocol Buffers. This writes the few messages a graph of float tensors needs; field numbers
 * are those of onnx.proto3 (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto3).
 */

export interface Tensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array | BigInt64Array
}

export interface Value {
  readonly name: string
  readonly type: 'float' | 'int64'
  /** A string is a size that differs from run to run. */
  readonly shape: readonly (number | string)[]
}

export interface Node {
  readonly operator: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, number | readonly number[] | { readonly float: number }>>
}

export interface Graph {
  readonly inputs: readonly Value[]
  readonly outputs: readonly Value[]
  readonly tensors: readonly Tensor[]
  readonly nodes: readonly Node[]
}

const elementTypes = { float: 1, int64: 7 } as const
const attributeTypes = { float: 1, int: 2, ints: 7 } as const
const irVersion = 9
const operatorSet = 18

export function encodeModel(graph: Graph): Uint8Array {
  return message([
    int(1, irVersion),
    text(2, 'revector'),
    nested(7, [
      ...graph.nodes.map((node) => nested(1, encodeNode(node))),
      text(2, 'graph'),
      ...graph.tensors.map((tensor) => nested(5, encodeTensor(tensor))),
      ...graph.inputs.map((value) => nested(11, encodeValue(value))),
      ...graph.outputs.map((value) => nested(12, encodeValue(value))),
    ]),
    nested(8, [text(1, ''), int(2, operatorSet)]),
  ])
}

function encodeNode({ operator, inputs, outputs, attributes }: Node): Part[] {
  return [
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(3, outputs.join()),
    text(4, operator),
    ...Object.entries(attributes).map(([name, value]) => nested(5, encodeAttribute(name, value))),
  ]
}

function encodeAttribute(name: string, value: Node['attributes'][string]): Part[] {
  if (typeof value === 'number') return [text(1, name), int(3, value), int(20, attributeTypes.int)]
  if ('float' in value) return [text(1, name), float(2, value.float), int(20, attributeTypes.float)]
  return [text(1, name), ...value.map((one) => int(8, one)), int(20, attributeTypes.ints)]
}

function encodeTensor({ name, shape, data }: Tensor): Part[] {
  const type = data instanceof Float32Array ? 'float' : 'int64'
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  return [...shape.map((size) => int(1, size)), int(2, elementTypes[type]), text(8, name), bytes(9, raw)]
}

function encodeValue({ name, type, shape }: Value): Part[] {
  const sizes = shape.map((size) => nested(1, [typeof size === 'string' ? text(2, size) : int(1, size)]))
  return [text(1, name), nested(2, [nested(1, [int(1, elementTypes[type]), nested(2, sizes)])])]
}

// Protocol Buffers: a field is a key (number × 8 + wire type), then a varint, 4 bytes, or a length and bytes.

/** Bytes in pieces, so that 28 MB of weights are copied once, at the end. */
interface Part {
  readonly length: number
  readonly pieces: readonly Uint8Array[]
}

function part(pieces: readonly Uint8Array[]): Part {
  return { length: pieces.reduce((sum, piece) => sum + piece.length, 0), pieces }
}

/** Varint; negative numbers as 64-bit two's complement. */
function varint(value: number): number[] {
  const groups: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    groups.push(rest === 0n ? low : low | 0x80)
  } while (rest !== 0n)
  return groups
}

const key = (field: number, wireType: number) => varint(field * 8 + wireType)
const int = (field: number, value: number) => part([Uint8Array.from([...key(field, 0), ...varint(value)])])
const float = (field: number, value: number) =>
  part([Uint8Array.from(key(field, 5)), new Uint8Array(Float32Array.of(value).buffer)])
const bytes = (field: number, value: Uint8Array) =>
  part([Uint8Array.from([...key(field, 2), ...varint(value.length)]), value])
const text = (field: number, value: string) => bytes(field, new TextEncoder().encode(value))

function nested(field: number, parts: readonly Part[]): Part {
  const length = parts.reduce((sum, one) => sum + one.length, 0)
  const head = Uint8Array.from([...key(field, 2), ...varint(length)])
  return part([head, ...parts.flatMap((one) => one.pieces)])
}

function message(parts: readonly Part[]): Uint8Array {
  const pieces = parts.flatMap((one) => one.pieces)
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.length
  }
  return whole
}
