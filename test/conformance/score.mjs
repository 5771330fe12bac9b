/**
 * What a result is worth, as the suite itself counts it: a test counts only where those it depends on hold; `check` tests
 * tell a behaviour (yes, no) and are no verdict.
 */

/** A word for each test: pass, fail, yes, no, setup, dependency, browser. */
export function verdicts (suites, results) {
  const tests = new Map(suites.flatMap(s => s.tests).map(t => [t.id, t]))
  const words = {}
  const wordOf = id => words[id] ??= judge(tests.get(id), results[id], wordOf)
  for (const id of tests.keys()) wordOf(id)
  return words
}

function judge (test, result, wordOf) {
  if (result === undefined) return test.browserOnly ? 'browser' : 'setup'
  if (test.dependsOn.some(id => !['pass', 'yes'].includes(wordOf(id)))) return 'dependency'
  if (test.kind === 'check') return result === true ? 'yes' : result[0] === 'Setup' ? 'setup' : 'no'
  if (result === true) return 'pass'
  return result[0] === 'Setup' ? 'setup' : 'fail'
}

export function table (suites, words) {
  const rows = suites.map(s => [s.name, ...['required', 'optimal', 'check'].map(kind => tally(s.tests, words, kind))])
  const all = suites.flatMap(s => s.tests)
  rows.push(['all', ...['required', 'optimal', 'check'].map(kind => tally(all, words, kind))])
  const width = Math.max(...rows.map(r => r[0].length))
  const line = ([name, ...cells]) => `  ${name.padEnd(width)}  ${cells.map(c => c.padStart(9)).join('')}`
  return [line(['', 'required', 'optimal', 'checks']), ...rows.map(line)].join('\n')
}

function tally (tests, words, kind) {
  const own = tests.filter(t => t.kind === kind && words[t.id] !== 'browser')
  return own.length === 0 ? '' : `${own.filter(t => ['pass', 'yes'].includes(words[t.id])).length}/${own.length}`
}

/** Required and optimal tests that did not pass. */
export function byWord (suites, words) {
  return suites.flatMap(s => s.tests).filter(t => t.kind !== 'check' && !['pass', 'browser'].includes(words[t.id])).map(test => ({ test, word: words[test.id] }))
}

export function compare (before = {}, now) {
  const worse = []
  const better = []
  for (const [id, word] of Object.entries(now)) {
    if (before[id] === word) continue
    const line = `${id} (${before[id] ?? 'unknown'} → ${word})`
    if (word === 'pass' || (before[id] !== 'pass' && word !== 'fail')) better.push(line)
    else worse.push(line)
  }
  return { worse, better }
}
