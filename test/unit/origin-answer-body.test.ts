/** What of an answer's body is handed out in one piece: all of it, or nothing. */
import { expect, it } from 'vitest'
import { SeawallError } from '../../src/core/errors.js'
import { AnswerBody } from '../../src/origin/answer-body.js'

const body = (): AnswerBody => new AnswerBody({ hold: () => undefined, flow: () => undefined, wait: () => undefined, cancel: () => undefined })

it('is whole once it has ended, and not if it failed, whichever came first', () => {
  const whole = body()
  whole.push(Buffer.from('abc'))
  expect(whole.whole()).toBeUndefined()
  whole.end()
  expect(Buffer.concat(whole.whole()!).toString()).toBe('abc')
  const failed = body()
  failed.push(Buffer.from('abc'))
  failed.fail(new SeawallError('origin_reset'))
  failed.end()
  expect(failed.whole()).toBeUndefined()
  const cancelled = body()
  cancelled.push(Buffer.from('abc'))
  cancelled.end()
  cancelled.cancel(new SeawallError('client_gone'))
  expect(cancelled.whole()).toBeUndefined()
})
