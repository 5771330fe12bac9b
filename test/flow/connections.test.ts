/** How many clients may be connected at one time, of the whole program. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { ask, connect } from '../support/client.js'
import { rawOrigin } from '../support/raw-origin.js'
import { emptyFolder, startSeawall } from '../support/seawall.js'

const REQUEST = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

it.each([1, 2])('closes and counts those beyond limits.connections, with %i of workers', async workers => {
  const origin = await rawOrigin(async peer => {
    await peer.expect('\r\n\r\n')
    peer.say('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 2\r\n\r\nok')
  })
  onTestFinished(() => origin.close())
  const file = join(emptyFolder(), 'proxy.config.json')
  writeFileSync(file, JSON.stringify({
    listen: '127.0.0.1:0', admin: { listen: '127.0.0.1:0' }, origins: { api: { url: origin.url } }, workers, limits: { connections: 2 }
  }))
  const seawall = await startSeawall(['--config', file])
  const open = () => connect(Number(new URL(seawall.url).port))
  const clients = []
  for (let i = 0; i < 2; i++) {
    const client = await open()
    onTestFinished(() => { client.socket.destroy() })
    client.write(REQUEST)
    await client.until(/ok$/)
    clients.push(client)
  }
  const beyond = await open()
  await beyond.closed
  expect(beyond.text()).toBe('')
  const { body } = await ask(`${seawall.adminUrl}/metrics`)
  expect(body.split('\n').filter(line => line.startsWith('seawall_connections'))).toEqual([
    'seawall_connections_total 2', 'seawall_connections_open 2', 'seawall_connections_dropped_total 1'
  ])
  for (const client of clients) {
    client.write(REQUEST)
    await client.until(/ok[^]*ok$/)
  }
})
