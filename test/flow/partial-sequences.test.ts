/** Whatever ranges are asked for, in whatever order: every answer is part of what the origin has. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Reply } from '../support/client.js'
import { rangedOrigin, type Ranged } from '../support/ranged-origin.js'
import { scenes } from '../support/scene.js'
import { contentRange, TEXT } from '../support/parts.js'

describe('whatever is asked, in whatever order', () => {
  const scene = scenes()
  const position = fc.nat(24)
  const range = fc.oneof(
    fc.tuple(position, position).map(([a, b]) => `bytes=${Math.min(a, b)}-${Math.max(a, b)}`), position.map(n => `bytes=${n}-`), fc.integer({ min: 1, max: 24 }).map(n => `bytes=-${n}`)
  )
  const request = fc.record({ range: fc.option(range, { nil: undefined, freq: 6 }), ifRange: fc.option(fc.constantFrom(1, 2, 3), { nil: undefined, freq: 3 }), head: fc.boolean() })
  const step = fc.oneof(
    { weight: 8, arbitrary: fc.array(request, { minLength: 1, maxLength: 1 }) }, { weight: 2, arbitrary: fc.array(request, { minLength: 2, maxLength: 4 }) },
    { weight: 2, arbitrary: fc.constant('change' as const) }, { weight: 1, arbitrary: fc.constant('late' as const) }, { weight: 1, arbitrary: fc.constant('purge' as const) }
  )

  it('no answer mixes versions, and every byte is right', async () => {
    let origin = rangedOrigin(TEXT)
    const s = await scene({ route: { stale: { whileRevalidate: '30s' } } })
    s.origin.on((request, response, count) => origin.handle(request, response, count))
    let path = 0
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), fc.constantFrom<Partial<Ranged>[]>({}, { total: '*' }, { ignoresIfRange: true }, { validator: 'date' }, { validator: 'weak' }, { validator: 'none' }), async (steps, changes) => {
      origin = Object.assign(rangedOrigin(TEXT), changes)
      const url = `/${path++}`
      for (const one of steps) {
        if (one === 'change') origin.version++
        else if (one === 'late') s.pass(61)
        else if (one === 'purge') await s.proxy.purge({ all: true })
        else {
          await Promise.all(one.map(async ({ range, ifRange, head }) => {
            const method = head && range === undefined ? 'HEAD' : 'GET'
            check(origin, await s.proxy.get(url, { method, headers: asHeaders(range, ifRange) }), range, method)
          }))
        }
      }
    }), { numRuns: 150 })
  })

  function asHeaders (range: string | undefined, ifRange: number | undefined): Record<string, string> {
    return { ...(range === undefined ? {} : { range }), ...(ifRange === undefined ? {} : { 'if-range': `"v${ifRange}"` }) }
  }

  /** The answer is right of the version it says it is of. */
  function check (origin: Ranged, reply: Reply, wanted: string | undefined, method: string): void {
    const version = Number(reply.headers['x-version'])
    if (reply.headers.etag !== undefined) expect(reply.headers.etag).toMatch(`"v${version}"`)
    const body = origin.body(version)
    if (reply.status === 416) return expect(contentRange(reply)).toBe('bytes */20')
    if (reply.status === 200) {
      expect(contentRange(reply)).toBeUndefined()
      expect(reply.body).toBe(method === 'HEAD' ? '' : body)
      return
    }
    expect(reply.status).toBe(206)
    const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(contentRange(reply)!)!
    expect(['20', '*']).toContain(total)
    expect(reply.body).toBe(body.slice(Number(first), Number(last) + 1))
    const [from, to] = wanted!.slice(6).split('-') as [string, string]
    const begin = from === '' ? Math.max(0, 20 - Number(to)) : Number(from)
    expect([Number(first), Number(last)]).toEqual([begin, from === '' || to === '' ? 19 : Math.min(19, Number(to))])
  }
})
