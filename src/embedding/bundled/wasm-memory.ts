import { allocateMemory, compileMatMul, matMulMultiples, pack } from './matmul.ts'
import { type Dense, maxTokens } from './weights.ts'

/** A part of the memory that WASM sees: as numbers here, by its address there. */
export interface Area {
  readonly numbers: Float32Array
  readonly address: number
}

export interface WasmMemory {
  allocate(length: number): Area
  /** product = left · right, both as `matmul.ts` wants them; rows are rounded up. */
  multiply(
    left: Area,
    right: Area,
    product: Area,
    size: { rows: number; depth: number; columns: number },
  ): void
  /** The kernel, packed into the memory. */
  load(dense: Dense): Area
}

const alignment = 16

/** A memory of a fixed size: growing it would detach every view. */
export function createWasmMemory(floats: number): WasmMemory {
  const memory = allocateMemory(floats * 4)
  const matmul = compileMatMul(memory)
  let next = 0
  function allocate(length: number): Area {
    const address = next
    next += Math.ceil((length * 4) / alignment) * alignment
    return { numbers: new Float32Array(memory.buffer, address, length), address }
  }
  return {
    allocate,
    multiply(left, right, product, { rows, depth, columns }) {
      const { rows: multiple } = matMulMultiples
      const rounded = Math.min(maxTokens, Math.ceil(rows / multiple) * multiple)
      matmul(left.address, right.address, product.address, rounded, depth, columns)
    },
    load({ kernel, inputs, outputs }) {
      const area = allocate(kernel.length)
      pack(kernel, area.numbers, inputs, outputs)
      return area
    },
  }
}
