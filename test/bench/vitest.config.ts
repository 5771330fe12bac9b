/** Benchmarks that use what the tests are made of. */
import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { include: ['test/bench/**/*.bench-run.ts'], testTimeout: 900_000, pool: 'forks', reporters: ['dot'] } })
