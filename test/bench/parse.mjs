/**
 * What the longest hostile field costs each parser: 64 KiB of one character or token, as an origin may send it.
 *
 *   npm run bench:parse
 */
import { parseAge } from '../../dist/src/http/age.js'
import { readRequestDirectives, readResponseDirectives } from '../../dist/src/http/cache-control.js'
import { notModified } from '../../dist/src/http/conditional.js'
import { parseHttpDate } from '../../dist/src/http/date.js'
import { listMembers } from '../../dist/src/http/fields.js'
import { selectRange } from '../../dist/src/http/range.js'
import { parseTargeted } from '../../dist/src/http/targeted.js'
import { readTags } from '../../dist/src/http/tags.js'
import { readSearchRule } from '../../dist/src/policy/no-vary-search.js'
import { acceptedCodings } from '../../dist/src/policy/selecting.js'
import { varyNames } from '../../dist/src/policy/vary.js'

const SIZE = 64 * 1024
const INPUTS = { spaces: ' ', commas: ',', quotes: '"', backslashes: '\\', 'comma and space': ', ', 'open quote': '"\\' }
const PARSERS = {
  'Cache-Control, response': readResponseDirectives,
  'Cache-Control, request': value => readRequestDirectives(value, undefined),
  'CDN-Cache-Control': value => parseTargeted('cdn-cache-control', value),
  'Surrogate-Control': value => parseTargeted('surrogate-control', value),
  Vary: varyNames,
  'Accept-Encoding': acceptedCodings,
  'No-Vary-Search': readSearchRule,
  'Surrogate-Key': value => readTags(['surrogate-key', value]),
  'Cache-Tag': value => readTags(['cache-tag', value]),
  xkey: value => readTags(['xkey', value]),
  list: listMembers,
  Age: value => parseAge([value]),
  Expires: value => parseHttpDate(value),
  Range: value => selectRange(value, 1000),
  'If-None-Match': value => notModified({ ifNoneMatch: value, ifModifiedSince: undefined }, { etag: '"a"', lastModified: undefined })
}

for (const [name, parse] of Object.entries(PARSERS)) {
  const cells = Object.entries(INPUTS).map(([what, unit]) => {
    const value = unit.repeat(Math.ceil(SIZE / unit.length)).slice(0, SIZE)
    const times = Array.from({ length: 15 }, () => {
      const start = performance.now()
      parse(value)
      return performance.now() - start
    })
    return `${what} ${times.sort((a, b) => a - b)[7].toFixed(3)}`
  })
  console.log(`${name.padEnd(24)} ms for 64 KiB of ${cells.join(', ')}`)
}
