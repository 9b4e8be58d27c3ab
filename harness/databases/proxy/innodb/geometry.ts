/**
 * Points, lines and areas, as the harness's driver has them.
 * Source: MySQL manual, 13.4.3 "Supported Spatial Data Formats": four bytes for the reference system,
 * and the well-known binary representation.
 */
const referenceBytes = 4
/** Collections in collections: more than anybody means. */
const deepest = 32

const point = 1
const line = 2
const polygon = 3
const lastCollection = 7

export interface Point {
  readonly x: number
  readonly y: number
}

export type Geometry = Point | readonly Geometry[]

/** @returns null for what is none, as the driver does */
export function readGeometry(bytes: Buffer): Geometry | null {
  try {
    return new GeometryReader(bytes).next(0)
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** Reading beyond the end is a RangeError of the buffer's. */
class GeometryReader {
  readonly #bytes: Buffer
  #offset = referenceBytes
  #isLittleEndian = true

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  next(depth: number): Geometry {
    if (depth > deepest) throw new RangeError('The geometry is too deep.')
    this.#isLittleEndian = this.#bytes.readUInt8(this.#offset++) !== 0
    const kind = this.#count()
    if (kind === point) return this.#point()
    if (kind === line) return this.#line()
    if (kind === polygon) return this.#list(() => this.#line())
    if (kind > lastCollection || kind === 0)
      throw new RangeError('The geometry is of no known kind.')
    return this.#list(() => this.next(depth + 1))
  }

  /** What is in it is read one by one, so a length that is not true ends where the bytes end. */
  #list(read: () => Geometry): Geometry[] {
    const items: Geometry[] = []
    for (let left = this.#count(); left > 0; left--) items.push(read())
    return items
  }

  #line(): Geometry[] {
    return this.#list(() => this.#point())
  }

  #point(): Point {
    return { x: this.#double(), y: this.#double() }
  }

  #count(): number {
    const at = this.#take(4)
    return this.#isLittleEndian ? this.#bytes.readUInt32LE(at) : this.#bytes.readUInt32BE(at)
  }

  #double(): number {
    const at = this.#take(8)
    return this.#isLittleEndian ? this.#bytes.readDoubleLE(at) : this.#bytes.readDoubleBE(at)
  }

  #take(size: number): number {
    const at = this.#offset
    this.#offset += size
    return at
  }
}
