import { errors } from 'undici'
import { describe, expect, it } from 'vitest'
import { SeawallError } from '../../src/core/errors.js'
import { originFailure, type Stage } from '../../src/origin/failure.js'

const system = (code: string): Error => Object.assign(new Error(code), { code })

describe('originFailure', () => {
  it.each([
    ['ECONNREFUSED', 'connecting', 'origin_refused'],
    ['ENOTFOUND', 'connecting', 'origin_unresolved'],
    ['EAI_AGAIN', 'connecting', 'origin_unresolved'],
    ['EHOSTUNREACH', 'connecting', 'origin_unreachable'],
    ['ENETUNREACH', 'connecting', 'origin_unreachable'],
    ['EMFILE', 'connecting', 'origin_unreachable'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'connecting', 'origin_unreachable'],
    ['CERT_HAS_EXPIRED', 'connecting', 'origin_unreachable'],
    ['constructor', 'connecting', 'origin_unreachable'],
    ['ETIMEDOUT', 'connecting', 'origin_connect_timeout'],
    ['ETIMEDOUT', 'answered', 'origin_reset'],
    ['EHOSTUNREACH', 'sent', 'origin_reset'],
    ['ECONNRESET', 'connecting', 'origin_reset'],
    ['EPIPE', 'sent', 'origin_reset'],
    ['ERR_ASSERTION', 'answered', 'internal']
  ] as [string, Stage, string][])('%s while %s is %s', (code, stage, expected) => {
    const cause = system(code)
    expect(originFailure(cause, stage)).toMatchObject({ code: expected, cause })
  })

  it.each([
    [new errors.ConnectTimeoutError(), 'origin_connect_timeout'],
    [new errors.HeadersTimeoutError(), 'origin_timeout'],
    [new errors.BodyTimeoutError(), 'origin_body_timeout'],
    [new errors.HeadersOverflowError(), 'origin_invalid'],
    [new errors.ClientDestroyedError(), 'draining'],
    [new errors.ClientClosedError(), 'draining'],
    [new TypeError('ours'), 'internal'],
    ['no error at all', 'internal']
  ] as [unknown, string][])('%s is %s', (thrown, expected) => {
    expect(originFailure(thrown, 'sent').code).toBe(expected)
  })

  it('keeps a failure that has a code of ours', () => {
    const failure = new SeawallError('client_gone')
    expect(originFailure(failure, 'answered')).toBe(failure)
  })
})
