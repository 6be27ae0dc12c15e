/** For `node -` on a host: what a daemon on port 8080 says, as soon as it listens, or after five seconds what went wrong. */
export const heardFrom = (address: string) => `
  const deadline = Date.now() + 5000
  const attempt = () => {
    const socket = require('net').connect(8080, '${address}')
    socket.pipe(process.stdout)
    socket.on('error', problem => (Date.now() < deadline ? setTimeout(attempt, 50) : console.log(problem.code)))
  }
  attempt()`
