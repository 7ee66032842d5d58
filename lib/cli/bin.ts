#!/usr/bin/env node
import { leave } from '../system/leave.js'
import { cli } from './main.js'

leave(
  await cli(process.argv.slice(2), {
    stdout: (text) => void process.stdout.write(text),
    stderr: (text) => void process.stderr.write(text),
    columns: process.stdout.isTTY ? process.stdout.columns : undefined,
    live: process.stderr.isTTY,
    env: process.env,
  }),
)
