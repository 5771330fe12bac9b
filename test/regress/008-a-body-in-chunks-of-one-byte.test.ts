/** Each byte cost an object, a promise and a write of its own: five megabytes on the wire ended a process of 128 MB, and stalled others. */
import { expect, it } from 'vitest'
import { dial, standRaw } from '../support/standing.js'

const COUNT = 100_000
const HEAD = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nCache-Control: '

// the second time it is remembered as uncacheable, and goes another way
it.each([['max-age=60', 1], ['no-store', 2]])('%s: is passed on in as many pieces as it was read in', async (how, times) => {
  const { proxy } = await standRaw(async peer => {
    for (let i = 0; i < times; i++) {
      await peer.expect('\r\n\r\n')
      peer.say(`${HEAD}${how}\r\n\r\n${'1\r\nx\r\n'.repeat(COUNT)}0\r\n\r\n`)
    }
  })
  for (let i = 0; i < times; i++) {
    const client = await dial(proxy)
    client.write('GET /p HTTP/1.1\r\nHost: h\r\n\r\n')
    const [, body] = (await client.until(/\r\n0\r\n\r\n$/)).split(/\r\n\r\n([^]*)/) as [string, string]
    expect(body.match(/x/g)!.length).toBe(COUNT)
    expect(body.length).toBeLessThan(COUNT + COUNT / 10)
  }
})
