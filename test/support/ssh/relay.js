// relay PORT MILLISECONDS: carries bytes between standard input and output and 127.0.0.1, each of them so much later.
import { connect } from 'node:net'

const [port, milliseconds] = process.argv.slice(2).map(Number)
const socket = connect(port, '127.0.0.1')

function carry(from, to) {
  from.on('data', (bytes) => setTimeout(() => to.write(bytes), milliseconds))
  from.on('end', () => setTimeout(() => to.end(), milliseconds))
}

carry(process.stdin, socket)
carry(socket, process.stdout)
function end() {
  process.exitCode = 1
  process.stdin.destroy()
  socket.destroy()
}
for (const stream of [socket, process.stdout]) stream.on('error', end)
socket.on('close', () => setTimeout(() => process.stdin.destroy(), milliseconds))
