/** What a person at a terminal is told once it runs: where everything is, and what to try. */
import type { RunningApp } from '../app.js'
import { formatAddress } from '../config/address.js'
import type { Address, Settings } from '../config/settings.js'
import { paint } from '../observe/terminal.js'
import { version } from '../version.js'

/** `running` has the real ports where the configuration left them to the system. */
export function banner (settings: Settings, running: Pick<RunningApp, 'listen' | 'admin'>, color: boolean): string {
  const base = `${settings.tls.length === 0 ? 'http' : 'https'}://${formatAddress(reachable(running.listen))}`
  const origins = Object.entries(settings.origins).map(([name, { urls }]) => `${urls.join(' ')}  ${paint(name, 'grey', color)}`)
  const rows = [
    ['listen', base],
    ['admin', `http://${formatAddress(reachable(running.admin))}`],
    ...(settings.file === undefined ? [] : [['config', settings.file]]),
    ...origins.map((origin, i) => [i === 0 ? 'origin' : '', origin])
  ].map(([label, text]) => `  ${paint(label!.padEnd(8), 'cyan', color)}${text}`)
  return ['', `  ${paint(`seawall ${version()}`, 'green', color)}`, '', ...rows, '', `  try     curl -i ${base}/`, '', ''].join('\n')
}

/** Where this machine reaches a listener on every address. */
function reachable ({ host, port }: Address): Address {
  return { host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port }
}
