/** Bodies pass through as they come, and nobody sends faster than the other end takes. */
import http from 'node:http'
import { describe, expect, it } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { digest, flood, FLOOD, HELD_BACK, type Flood } from '../support/flood.js'
import { answer } from '../support/origin.js'
import { settled } from '../support/origins.js'
import { dial, stand, standRaw, type Standing } from '../support/standing.js'

const HEAD_END = '\r\n\r\n'

/** The answer's head; its body is not read before somebody does. */
function get (url: string): Promise<{ request: http.ClientRequest, response: http.IncomingMessage }> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false }, response => { resolve({ request, response }) })
    request.on('error', reject)
  })
}

/** The next so many bytes, and no more. */
function textOf (from: http.IncomingMessage, length: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const take = (chunk: Buffer): void => {
      text += String(chunk)
      if (text.length < length) return
      from.off('data', take).pause()
      resolve(text)
    }
    from.on('data', take).on('error', reject)
  })
}

describe('server-sent events', () => {
  it('reach the client one by one, before the next is sent', async () => {
    const events = Array.from({ length: 5 }, (_, i) => ({ text: `data: ${i}\n\n`, received: barrier() }))
    const { proxy } = await stand({}, async (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
      response.flushHeaders()
      for (const { text, received } of events) {
        response.write(text)
        await received.passed
      }
      response.end()
    })
    const { response } = await get(`${proxy.url}/events`)
    let text = ''
    for await (const chunk of response) {
      text += String(chunk)
      events.findLast(event => text.endsWith(event.text))?.received.open()
    }
    expect(text).toBe(events.map(event => event.text).join(''))
  })

  it('are each listener\'s own stream, and end at the origin when its listener goes', async () => {
    const gone: string[] = []
    const streams: http.ServerResponse[] = []
    const { proxy, origin } = await stand({}, (request, response) => {
      const who = String(request.headers['x-who'])
      streams.push(response.on('close', () => gone.push(who)))
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(`data: for ${who}\n\n`)
    })
    const listen = async (who: string): Promise<http.ClientRequest> => {
      const request = http.get(`${proxy.url}/events`, { agent: false, headers: { 'x-who': who } })
      request.on('error', () => undefined)
      const response = await new Promise<http.IncomingMessage>(resolve => { request.on('response', resolve) })
      response.on('error', () => undefined)
      expect(await textOf(response, 13)).toBe(`data: for ${who}\n\n`)
      return request
    }
    const a = await listen('a')
    await listen('b')
    expect(origin.count()).toBe(2)
    a.destroy()
    // A client that has ended its half may still listen: that it does not shows with what it is sent.
    await until('the origin knows', () => {
      for (const stream of streams) stream.write(': still here\n\n')
      return gone.length > 0
    })
    expect(gone).toEqual(['a'])
  })
})

describe('a download', () => {
  interface Download extends Standing { readonly sending: () => Flood }

  /** Of a body that is larger than what may be stored. */
  async function download (headers: Record<string, string>, config: object): Promise<Download> {
    let sending: Flood | undefined
    const { proxy, clock } = await stand(config, async (_, response) => {
      response.writeHead(200, headers)
      sending = flood(response)
      await sending.done
      response.end()
    })
    return { proxy, clock, sending: () => sending! }
  }

  it.each([
    ['is not to be stored', { 'cache-control': 'no-store' }, {}],
    ['is announced as too large to be stored', { 'cache-control': 'max-age=60', 'content-length': String(FLOOD) }, {}],
    ['turns out too large to be stored', { 'cache-control': 'max-age=60' }, { cache: { maxObject: '1mb' } }],
    ['no cache is to look at', {}, { routes: [{ cache: false }] }]
  ])('that %s waits for the client that takes it', async (_, headers, config) => {
    const { proxy, sending } = await download(headers, config)
    const { response } = await get(`${proxy.url}/large`)
    const taken = await settled('the origin', () => sending().taken())
    expect(taken).toBeLessThan(HELD_BACK)
    expect(await digest(response)).toBe(await sending().done)
    expect((await proxy.stats())['store']).toMatchObject({ entries: 0 })
  })

  it('ends at the origin when the client has gone', async () => {
    const { proxy, sending } = await download({ 'cache-control': 'no-store' }, {})
    const { request, response } = await get(`${proxy.url}/large`)
    response.on('error', () => undefined)
    request.destroy()
    await expect(sending().done).rejects.toThrow()
    expect(sending().taken()).toBeLessThan(HELD_BACK)
  })
})

describe('an upload', () => {
  /** An origin that reads no more of a body than it is told to. */
  async function upload (headers: Record<string, string>): Promise<Standing & { request: http.ClientRequest, arrived: Promise<http.IncomingMessage>, answered: Promise<http.IncomingMessage> }> {
    const { origin, proxy, clock } = await stand()
    const arrived = new Promise<http.IncomingMessage>(resolve => {
      origin.server.removeAllListeners('request').on('request', (request: http.IncomingMessage, response: http.ServerResponse) => {
        request.once('end', () => response.end('taken'))
        resolve(request)
      })
    })
    const request = http.request(`${proxy.url}/files`, { method: 'POST', agent: false, headers })
    const answered = new Promise<http.IncomingMessage>((resolve, reject) => { request.on('response', resolve).on('error', reject) })
    answered.catch(() => undefined)
    return { proxy, clock, request, arrived, answered }
  }

  it.each([
    ['of an announced length', { 'content-length': String(FLOOD) }],
    ['in chunks', { 'transfer-encoding': 'chunked' }]
  ])('%s waits for the origin that takes it', async (_, headers) => {
    const { request, arrived, answered } = await upload(headers)
    const sending = flood(request)
    const received = await arrived
    const taken = await settled('the client', () => sending.taken())
    expect(taken).toBeLessThan(HELD_BACK)
    expect(received.headers).toMatchObject(headers)
    const sum = digest(received)
    const sent = await sending.done
    request.end()
    expect(await sum).toBe(sent)
    expect((await answered).statusCode).toBe(200)
  })

  it('begins to reach the origin before it has been sent whole', async () => {
    const { request, arrived, answered } = await upload({})
    request.write('first')
    const received = await arrived
    expect(await textOf(received, 5)).toBe('first')
    request.end('last')
    received.resume()
    expect((await answered).statusCode).toBe(200)
  })

  it.each([
    ['of an announced length', 'Content-Length: 10\r\n\r\nfirst'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n']
  ])('%s that its client breaks off never looks whole to the origin', async (_, begun) => {
    const { origin, proxy } = await standRaw(() => undefined)
    const client = await dial(proxy)
    client.write(`POST /files HTTP/1.1\r\nHost: h\r\n${begun}`)
    await until('the origin has its first bytes', () => origin.peers[0]?.received().endsWith('first') === true || origin.peers[0]?.received().endsWith('first\r\n') === true)
    client.socket.destroy()
    await origin.peers[0]!.gone
    expect(origin.peers[0]!.received()).toMatch(/first(\r\n)?$/)
  })

  it('that the origin answers early is not waited for', async () => {
    const { proxy } = await standRaw(async peer => {
      await peer.expect(HEAD_END)
      peer.say('HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nno!')
    })
    const client = await dial(proxy)
    client.write(`POST /files HTTP/1.1\r\nHost: h\r\nContent-Length: ${FLOOD}\r\n\r\nfirst`)
    expect(await client.until(/no!$/)).toMatch(/^HTTP\/1\.1 413 /)
  })
})

describe('a stored answer', () => {
  it('that nobody reads holds up nobody else', async () => {
    const body = Buffer.alloc(8 * 2 ** 20, 'stored ')
    const { proxy, origin } = await stand({}, answer({ 'cache-control': 'max-age=60' }, body))
    await get(`${proxy.url}/large`)
    await until('it is stored', async () => ((await proxy.stats())['store'] as { entries: number }).entries === 1)
    expect((await proxy.get('/large')).bytes.equals(body)).toBe(true)
    expect(origin.count('/large')).toBe(1)
  })
})
