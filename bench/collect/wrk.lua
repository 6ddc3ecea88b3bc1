-- The ceiling: what the origin and loopback can do when the client keeps nothing. Asks for the
-- URLs of a list in turn and prints one line of numbers at the end.

local paths = {}

function init(args)
  for line in io.lines(args[1]) do
    local host, path = line:match("^http://([^/]+)(/.*)$")
    paths[#paths + 1] = wrk.format("GET", path, { ["Host"] = host, ["Accept-Encoding"] = "gzip" })
  end
  if #paths == 0 then
    error("the list is empty")
  end
end

local next_path = 0

function request()
  next_path = next_path % #paths + 1
  return paths[next_path]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    "bench requests=%d failed=%d p50_ms=%.3f p95_ms=%.3f p99_ms=%.3f\n",
    summary.requests,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000))
end
