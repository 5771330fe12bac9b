/** What a passed answer's body is to its client. */
import { describe, expect, it } from 'vitest'
import type { BodyReader } from '../../src/core/types.js'
import type { OriginAnswer } from '../../src/origin/contract.js'
import { bodyOf } from '../../src/proxy/pass.js'

const CHUNKS = [Buffer.from('he'), Buffer.from('llo')]

function answer (more: Partial<OriginAnswer>, whole: BodyReader['whole'] = () => CHUNKS): OriginAnswer {
  const body: BodyReader = { read: () => Promise.resolve(null), cancel: () => undefined, whole }
  return { status: 200, headers: [], askedAt: 0, answeredAt: 0, framing: 'length', length: 5, body, ...more }
}

describe('the body of a passed answer', () => {
  it('is bytes where it is whole', () => {
    expect(bodyOf(answer({}))).toEqual({ kind: 'bytes', chunks: CHUNKS, length: 5 })
  })

  it('is a stream where it is not', () => {
    const some = answer({}, () => undefined)
    expect(bodyOf(some)).toEqual({ kind: 'stream', reader: some.body, length: 5 })
  })

  it('is a stream where its length was not told', () => {
    const some = answer({ framing: 'chunked', length: undefined })
    expect(bodyOf(some)).toEqual({ kind: 'stream', reader: some.body, length: undefined })
  })

  it('is none where there is none', () => {
    expect(bodyOf(answer({ framing: 'none' }))).toEqual({ kind: 'none', length: 5 })
  })
})
