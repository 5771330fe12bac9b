import { describe, expect, it } from 'vitest'
import { Overhead } from '../../src/origin/overhead.js'

function begun (): Overhead {
  const overhead = new Overhead()
  overhead.begin()
  return overhead
}

describe('what an answer costs beside its content', () => {
  it('is not bounded by its head', () => {
    const overhead = new Overhead()
    overhead.read(1_000_000)
    expect(overhead.exceeded).toBe(false)
  })

  it('may be 24 KiB', () => {
    const overhead = begun()
    overhead.read(24 * 1024)
    expect(overhead.exceeded).toBe(false)
    overhead.read(1)
    expect(overhead.exceeded).toBe(true)
  })

  it('may be more by the sizes of the chunks that came, however small and many they are', () => {
    const overhead = begun()
    for (let i = 0; i < 100_000; i++) {
      overhead.read(6)
      overhead.delivered(1)
      if (overhead.exceeded) throw new Error(`after ${i}`)
    }
  })

  it('may be more by a sixteenth of the content', () => {
    const overhead = begun()
    for (let i = 0; i < 10_000; i++) {
      overhead.read(8192 + 6 + 86)
      overhead.delivered(8192)
      if (overhead.exceeded) throw new Error(`after ${i}`)
    }
  })

  it('is not made up for by chunks that came before', () => {
    const overhead = begun()
    for (let i = 0; i < 10_000; i++) {
      overhead.read(5)
      overhead.delivered(1)
    }
    overhead.read(25 * 1024)
    expect(overhead.exceeded).toBe(true)
  })

  it('is counted anew for each answer, and for none between them', () => {
    const overhead = begun()
    overhead.read(24 * 1024)
    overhead.end()
    overhead.read(1024)
    expect(overhead.exceeded).toBe(false)
    overhead.begin()
    overhead.read(1024)
    expect(overhead.exceeded).toBe(false)
  })
})
