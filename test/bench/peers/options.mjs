/** The command line of `npm run bench`. */
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SCENARIOS } from './scenarios.mjs'

const HELP = `npm run bench -- [options]

  --scenarios a,b     of ${Object.keys(SCENARIOS).join(', ')}
  --peers a,b         of nginx, varnish, haproxy; '' for none
  --rounds N          measured rounds, servers taking turns in each (3)
  --seconds N         of load, a server and round (3)
  --access-log MODE   off, on, or both one after the other (both)
  --vs DIR            another build of Seawall (its folder), interleaved as "other"
  --workers N         this build with N workers, on the one core, interleaved as "workers"
  --json FILE         writes what was measured
  --compare FILE      shows the change against an earlier --json
`

const number = (text, name) => {
  const value = Number(text)
  if (!(value > 0)) throw new RangeError(`--${name} takes a number above 0, not ${text}`)
  return value
}

const list = text => text.split(',').filter(Boolean)

/** Undefined: help was asked for, and given. */
export function readOptions (args) {
  const { values } = parseArgs({ args, options: {
    help: { type: 'boolean', default: false },
    scenarios: { type: 'string', default: Object.keys(SCENARIOS).join(',') },
    peers: { type: 'string', default: 'nginx,varnish,haproxy' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    'access-log': { type: 'string', default: 'both' },
    vs: { type: 'string' },
    workers: { type: 'string' },
    json: { type: 'string' },
    compare: { type: 'string' }
  } })
  if (values.help) {
    console.log(HELP)
    return undefined
  }
  const scenarios = list(values.scenarios)
  if (scenarios.length === 0) throw new RangeError('--scenarios names none')
  const unknown = scenarios.find(name => SCENARIOS[name] === undefined)
  if (unknown !== undefined) throw new RangeError(`There is no scenario "${unknown}"; there are ${Object.keys(SCENARIOS).join(', ')}`)
  const logs = { off: [false], on: [true], both: [false, true] }[values['access-log']]
  if (logs === undefined) throw new RangeError('--access-log takes off, on or both')
  return {
    scenarios, logs, peers: list(values.peers), vs: values.vs && build(values.vs),
    workers: values.workers === undefined ? undefined : number(values.workers, 'workers'), json: values.json && writable(values.json),
    before: values.compare && earlier(values.compare),
    rounds: number(values.rounds, 'rounds'), seconds: number(values.seconds, 'seconds')
  }
}

/** A run takes many minutes: what cannot be used in the end is refused in the beginning. */
function build (folder) {
  if (!existsSync(join(folder, 'dist/bin/seawall.js'))) throw new RangeError(`--vs takes the folder of a build, and ${folder} has no dist/bin/seawall.js`)
  return folder
}

function writable (file) {
  closeSync(openSync(file, 'a'))
  return file
}

function earlier (file) {
  let run
  try {
    run = JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new RangeError(`--compare takes what --json wrote: ${error.message}`)
  }
  if (typeof run?.results !== 'object') throw new RangeError(`--compare takes what --json wrote, and ${file} is something else`)
  return run
}
