-- wrk -s load.lua URL -- KIND: the requests of the server benchmark, and a result line that a program can read.

local depth = 16

local browser = {
  ["Accept"] = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
  ["Accept-Encoding"] = "gzip, deflate, br, zstd",
  ["Accept-Language"] = "en-US,en;q=0.5",
  ["Cache-Control"] = "max-age=0",
  ["Connection"] = "keep-alive",
  ["Cookie"] = "session=0123456789abcdef0123456789abcdef; theme=dark; consent=yes",
  ["Referer"] = "http://localhost/articles/2024/index.html",
  ["Sec-Fetch-Dest"] = "document",
  ["Sec-Fetch-Mode"] = "navigate",
  ["Upgrade-Insecure-Requests"] = "1",
  ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
}

local batch

local function pipelined()
  return batch
end

local count = 0

local function varied()
  count = count + 1
  wrk.headers["Cookie"] = "session=0123456789abcdef; count=" .. count
  return wrk.format("GET", "/?count=" .. count)
end

function init(args)
  local kind = args[1] or "get"
  if kind == "browser" or kind == "varied" then
    for name, value in pairs(browser) do wrk.headers[name] = value end
  elseif kind == "post" then
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/octet-stream"
    wrk.body = string.rep("x", 1024)
  elseif kind == "upload" then
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/octet-stream"
    wrk.body = string.rep("x", 1024 * 1024)
  elseif kind == "post-json" then
    for name, value in pairs(browser) do wrk.headers[name] = value end
    wrk.method = "POST"
    wrk.headers["Content-Type"] = "application/json"
    wrk.body = '{"name":"Hello World","list":[1,2,3],"nested":{"a":true,"b":null},"text":"' .. string.rep("x", 200) .. '"}'
  elseif kind == "close" then
    wrk.headers["Connection"] = "close"
  end
  if kind == "varied" then request = varied end
  if kind == "pipelined" then
    local list = {}
    for i = 1, depth do list[i] = wrk.format() end
    batch = table.concat(list)
    request = pipelined
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'result {"requests":%d,"us":%d,"p50":%d,"p99":%d,"status":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.status, errors.connect, errors.read, errors.write, errors.timeout))
end
