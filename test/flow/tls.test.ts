/** The built program behind TLS, as clients and operators meet it. */
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { barrier, until } from '../support/barrier.js'
import { certificateFiles, type CertificateName } from '../support/certificates.js'
import { connect, connectTls } from '../support/client.js'
import { answer, startOrigin, type Handler } from '../support/origin.js'
import { ANYWHERE, emptyFolder, runSeawall, startSeawall, type Seawall } from '../support/seawall.js'
import { way } from '../support/standing.js'

const FRESH = { 'cache-control': 'max-age=60' }

/** Seawall with this `tls`, before an origin. */
async function started (tls: unknown, handler: Handler = answer(FRESH, 'hello')) {
  const origin = await startOrigin(handler)
  onTestFinished(() => origin.stop())
  const folder = emptyFolder()
  const config = join(folder, 'proxy.config.json')
  writeFileSync(config, JSON.stringify({ origins: { api: { url: origin.url } }, tls, log: { level: 'debug' } }))
  const seawall = await startSeawall(['--config', config, ...ANYWHERE])
  return { origin, seawall, port: Number(new URL(seawall.url).port), folder }
}

/** The name in the certificate that is shown to who asks for `servername`. */
async function shown (port: number, servername: string): Promise<string> {
  const client = await connectTls(port, { servername, checkServerIdentity: () => undefined })
  const { socket } = client as unknown as { socket: import('node:tls').TLSSocket }
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return String(CN)
}

describe('https', () => {
  it('hits and misses, and tells the origin', async () => {
    const { seawall, origin } = await started(certificateFiles('a'))
    expect(seawall.url).toMatch(/^https:/)
    expect(way(await seawall.get('/p'))).toBe('uri-miss')
    expect(await seawall.get('/p')).toMatchObject({ status: 200, body: 'hello' })
    expect(way(await seawall.get('/p'))).toBe('hit')
    expect(origin.seen.map(({ headers }) => headers['x-forwarded-proto'])).toEqual(['https'])
    const { code } = await runSeawall(['purge', '--url', `${seawall.url}/p`, '--admin', seawall.adminUrl])
    expect(code).toBe(0)
    expect(way(await seawall.get('/p'))).toBe('uri-miss')
    expect(await seawall.stop()).toBe(0)
  })

  it('shows each client the certificate for the name it asks for', async () => {
    const { port } = await started([certificateFiles('a'), certificateFiles('b'), { ...certificateFiles('renewed'), hosts: ['*.c.test'] }])
    expect(await Promise.all(['x.a.test', 'b.test', 'x.c.test', 'elsewhere.test', ''].map(name => shown(port, name))))
      .toEqual(['a.test', 'b.test', 'renewed.a.test', 'a.test', 'a.test'])
  })

  it('refuses what is older than TLS 1.2 and what is no handshake, and serves on', async () => {
    const { seawall, port } = await started(certificateFiles('a'))
    await expect(connectTls(port, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' })).rejects.toThrow(/protocol version/)
    for (const garbage of ['GET / HTTP/1.1\r\nHost: a.test\r\n\r\n', '\x16\x03\x01\xff\xff', 'x'.repeat(100_000)]) {
      const client = await connect(port)
      client.write(garbage)
      client.socket.end()
      await client.closed
      expect(client.text()).not.toContain('HTTP')
    }
    expect((await seawall.get('/p')).status).toBe(200)
    await until('each is logged', () => seawall.log().filter(line => line['msg'] === 'a TLS handshake failed').length === 4)
  })

  it('breaks where the origin breaks', async () => {
    const arrived = barrier()
    const { port, seawall } = await started(certificateFiles('a'), async (_, response) => {
      response.writeHead(200, { ...FRESH, 'content-length': '10' })
      response.write('part')
      await arrived.passed
      response.socket!.resetAndDestroy()
    })
    const client = await connectTls(port)
    client.write('GET /cut HTTP/1.1\r\nHost: a.test\r\n\r\n')
    await client.until(/^HTTP\/1\.1 200 [^]*part$/)
    arrived.open()
    expect(await client.closed).toBe('reset')
    await expect(seawall.get('/cut')).rejects.toThrow()
  })
})

describe('SIGHUP', () => {
  /** Certificates in a folder of their own, that can be replaced. */
  async function renewable () {
    const folder = emptyFolder()
    const tls = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    const put = (name: CertificateName, parts: readonly ('cert' | 'key')[] = ['cert', 'key']): void => {
      for (const part of parts) copyFileSync(certificateFiles(name)[part], tls[part])
    }
    put('a')
    return { ...await started(tls), put, tls }
  }

  const said = (seawall: Seawall, message: string): Record<string, unknown>[] => seawall.log().filter(line => line['msg'] === message)

  it('reads the certificates again; connections stay', async () => {
    const { seawall, port, put } = await renewable()
    const before = await connectTls(port)
    put('renewed')
    expect(await shown(port, 'a.test')).toBe('a.test')
    seawall.signal('SIGHUP')
    await until('they are read', () => said(seawall, 'certificates read again').length === 1)
    expect(await Promise.all([shown(port, 'a.test'), shown(port, '')])).toEqual(['renewed.a.test', 'renewed.a.test'])
    before.write('GET /p HTTP/1.1\r\nHost: a.test\r\n\r\n')
    await before.until(/hello/)
    before.socket.destroy()
  })

  it('keeps those in use where the new ones cannot be', async () => {
    const { seawall, port, put, tls } = await renewable()
    const message = 'the certificates cannot be used; those read before stay'
    put('renewed', ['cert'])
    seawall.signal('SIGHUP')
    await until('it is said', () => said(seawall, message).length === 1)
    expect(JSON.stringify(said(seawall, message))).toContain('tls.key: is not the key of tls.cert')
    writeFileSync(tls.cert, 'no certificate')
    seawall.signal('SIGHUP')
    await until('it is said', () => said(seawall, message).length === 2)
    expect(await shown(port, 'a.test')).toBe('a.test')
    expect((await seawall.get('/p')).status).toBe(200)
  })
})

describe('certificates that cannot be served', () => {
  it.each<[unknown, RegExp]>([
    [{ cert: 'none.pem', key: certificateFiles('a').key }, /tls\.cert: there is no such file; allowed: a PEM file/],
    [{ ...certificateFiles('a'), key: certificateFiles('b').key }, /tls\.key: is not the key of tls\.cert/],
    [[certificateFiles('a'), { cert: certificateFiles('b').key, key: certificateFiles('b').cert }], /tls\[1\]\.cert: holds something else.*\n.*tls\[1\]\.key: holds something else/],
    [{ cert: 'a' }, /tls\.key: missing; allowed: the path/],
    [[{ ...certificateFiles('a'), host: 'x' }], /tls\[0\]\.host: unknown key; did you mean "hosts"\?; allowed: cert, key, hosts/],
    [[], /tls: found a list; allowed: at least one certificate/],
    [true, /tls: found true; allowed: an object with cert and key, or a list of such/]
  ])('%j are named', async (tls, says) => {
    const cwd = emptyFolder()
    writeFileSync(join(cwd, 'proxy.config.json'), JSON.stringify({ origins: { api: { url: 'http://127.0.0.1:1' } }, tls }))
    for (const command of ['check', 'start']) {
      const ran = await runSeawall([command], { cwd })
      expect(ran).toMatchObject({ code: 2, stdout: '' })
      expect(ran.stderr).toMatch(says)
    }
  })
})
