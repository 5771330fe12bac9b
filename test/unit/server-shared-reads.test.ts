/** All connections read into one buffer: what one keeps, the others must not write over. */
import { createServer, connect as connectTcp, Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { shareReads } from '../../src/server/shared-reads.js'
import { barrier } from '../support/barrier.js'
import { cleanUp, readAll, startListener, text, turns } from '../support/listener.js'

cleanUp()

const get = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`

describe('reads that share a buffer', () => {
  it('leave the half of a head as it came while others send theirs', async () => {
    const t = await startListener({ tryHit: request => text(`at ${request.target};`) })
    const [first, second] = [await t.open(), await t.open()]
    first.write(get('/first').slice(0, 12))
    await turns()
    second.write(get('/second-and-much-longer'))
    await second.until(/longer;/)
    first.write(get('/first').slice(12))
    expect(await first.until(/at \/\S+;/)).toMatch(/at \/first;$/)
  })

  it('leave a body that nobody has read yet as it came', async () => {
    const go = barrier()
    const t = await startListener({
      handle: async request => {
        if (request.target === '/other') return text('other;')
        await go.passed
        return text(`<${await readAll(request)}>`)
      }
    })
    const [first, second] = [await t.open(), await t.open()]
    first.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4006\r\n\r\n' + 'a'.repeat(4000))
    await turns()
    second.write('PUT /other HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n\r\n' + 'x'.repeat(5000))
    await second.until(/other;/)
    first.write('second')
    await turns()
    second.write(get('/other'))
    await second.until(/other;.*other;/s)
    go.open()
    expect(await first.until(/<.*>/)).toMatch(/<a{4000}second>$/)
  })

  it('leave what waits behind an answer as it came', async () => {
    const go = barrier()
    const t = await startListener({
      handle: async request => {
        if (request.target === '/slow') await go.passed
        return text(`at ${request.target};`)
      }
    })
    const [first, second] = [await t.open(), await t.open()]
    first.write(get('/slow') + get('/behind'))
    await turns()
    second.write(get('/' + 'x'.repeat(100)))
    await second.until(/x;/)
    go.open()
    expect(await first.until(/behind;/)).toMatch(/at \/slow;.*at \/behind;$/s)
  })

  it('are not had of what is no accepted socket', () => {
    expect(shareReads(new Socket())).toBeUndefined()
  })

  it('leave a server as it was: it counts its connections and closes when they are gone', async () => {
    const closed = barrier()
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, accepted => {
      const reads = shareReads(accepted)!
      reads.socket.on('end', () => reads.socket.end()).resume()
    })
    await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
    const client = connectTcp((server.address() as { port: number }).port, '127.0.0.1', () => client.end())
    await new Promise(resolve => { client.on('close', resolve).resume() })
    server.close(() => closed.open())
    await closed.passed
    expect(await new Promise(resolve => { server.getConnections((_, count) => resolve(count)) })).toBe(0)
  })
})
