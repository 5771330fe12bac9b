#!/usr/bin/env node
import { keepHeap, nodeFlags } from '../src/app/heap.js'

// before anything else is loaded: loading alone makes the young generation grow to its greatest size
keepHeap(nodeFlags(process))
const [{ processIo }, { main }] = await Promise.all([import('../src/cli/io.js'), import('../src/cli/main.js')])

process.exitCode = await main(process.argv.slice(2), processIo)
